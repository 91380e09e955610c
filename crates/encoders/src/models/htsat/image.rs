//! Log-mel frames [T, 64] as HTSAT's image [256, 256], and its patches.

/// Mel bands of a frame.
pub const MELS: usize = 64;

/// The frames of an image; fewer are stretched, excess ones dropped.
pub const FRAMES: usize = 1024;

/// Rows and columns of an image.
pub const SIDE: usize = 256;

/// Rows of a patch.
pub const PATCH: usize = 4;

/// Patches along a side of the image.
pub(super) const PATCHES: usize = SIDE / PATCH;

/// `frames` [T, 64], stretched to 1024 and folded into four strips of 256 frames, one below the other, time running
/// to the right and mel downwards: [256, 256].
pub fn folded(frames: &[f32]) -> Vec<f32> {
    let frames = &frames[..frames.len().min(FRAMES * MELS)];
    let frames = stretched(frames);
    let at = |i: usize| {
        let (strip, mel, column) = (i / SIDE / MELS, i / SIDE % MELS, i % SIDE);
        frames[(strip * SIDE + column) * MELS + mel]
    };
    (0..SIDE * SIDE).map(at).collect()
}

/// `frames` [T, 64] -> [1024, 64], bicubic along time, the first and the last frame in place: PyTorch's `interpolate`
/// with `mode="bicubic", align_corners=True`, whose places are rounded to f32.
fn stretched(frames: &[f32]) -> Vec<f32> {
    let count = frames.len() / MELS;
    if count == FRAMES || count == 0 {
        let mut frames = frames.to_vec();
        frames.resize(FRAMES * MELS, 0.0);
        return frames;
    }
    let scale = (count - 1) as f32 / (FRAMES - 1) as f32;
    let mut out = Vec::with_capacity(FRAMES * MELS);
    for i in 0..FRAMES {
        let place = scale * i as f32;
        let before = place.floor();
        let factors = cubic(place - before);
        let neighbour = |k: usize| (before as usize + k).saturating_sub(1).min(count - 1) * MELS;
        let rows: [&[f32]; 4] = std::array::from_fn(|k| &frames[neighbour(k)..][..MELS]);
        let value = |mel: usize| {
            let products = rows.iter().zip(factors).map(|(row, f)| row[mel] * f);
            products.sum::<f32>()
        };
        out.extend((0..MELS).map(value));
    }
    out
}

/// The factors of the frames at -1, 0, 1 and 2 for a place `t` in [0, 1): cubic convolution with a = -0.75.
fn cubic(t: f32) -> [f32; 4] {
    const A: f32 = -0.75;
    let near = |x: f32| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f32| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

/// The numbers under patches of 4 rows and `width` columns of `image` [256, 256], row by row:
/// [64 * (256 / width), 4 * width]. Columns that fill no patch are left out.
pub fn patches(image: &[f32], width: usize) -> Vec<f32> {
    let across = SIDE / width;
    let mut out = Vec::with_capacity(image.len());
    for patch in 0..SIDE / PATCH * across {
        let (row, column) = (patch / across * PATCH, patch % across * width);
        for y in row..row + PATCH {
            out.extend_from_slice(&image[y * SIDE + column..][..width]);
        }
    }
    out
}
