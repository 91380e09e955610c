//! PyTorch's random numbers (MT19937, Matsumoto & Nishimura 1998), so that what the originals draw can be drawn here.

const N: usize = 624;
const M: usize = 397;

/// A Mersenne twister of 32 bits.
pub(crate) struct Twister {
    state: [u32; N],
    next: usize,
}

impl Twister {
    /// As `torch.Generator().manual_seed(seed)`.
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = [seed; N];
        for i in 1..N {
            let before = state[i - 1];
            state[i] = (before ^ before >> 30)
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        Self { state, next: N }
    }

    /// The next 32 bits. `draw() % n` is `torch.randint(0, n, ())`.
    pub(crate) fn draw(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9D2C_5680;
        y ^= y << 15 & 0xEFC6_0000;
        y ^ y >> 18
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = self.state[i] & 0x8000_0000 | self.state[(i + 1) % N] & 0x7FFF_FFFF;
            let odd = if y & 1 == 1 { 0x9908_B0DF } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ y >> 1 ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_thousandth_number_is_the_one_that_cpp11_prescribes() {
        let mut twister = Twister::new(5489);
        assert_eq!(
            (0..10_000).map(|_| twister.draw()).last(),
            Some(4_123_659_995)
        );
    }
}
