//! MPEG-TS (broadcasts, cameras, web streams): its packets -> the stream of frames of its first track of sound.
//!
//! The track is known by its packets themselves: MPEG audio and AAC have stream ids of their own, so that a recording whose
//! tables are cut off is heard, too.

use std::io::{ErrorKind, Read, Result};

/// Bytes of a packet.
const PACKET: usize = 188;

/// What each packet begins with.
const SYNC: u8 = 0x47;

/// The stream ids of MPEG audio and AAC.
const SOUND: std::ops::RangeInclusive<u8> = 0xc0..=0xdf;

/// Whether `head` has the rhythm of packets: a sync byte every 188 bytes (192 on cameras' discs), wherever it begins.
pub(super) fn is_transport(head: &[u8]) -> bool {
    [PACKET, PACKET + 4].into_iter().any(|step| {
        let synced = |start: usize| (0..8).all(|n| head.get(start + n * step) == Some(&SYNC));
        (0..step).any(synced)
    })
}

/// The stream of frames of the first track of sound, to be read.
pub(super) struct Transport<R> {
    packets: R,
    /// Bytes that are not yet a packet.
    rest: Vec<u8>,
    /// The track, once it is found.
    track: Option<u16>,
    frames: Vec<u8>,
    place: usize,
}

impl<R: Read> Transport<R> {
    pub(super) fn new(packets: R) -> Self {
        let (rest, frames) = (Vec::new(), Vec::new());
        Self {
            packets,
            rest,
            track: None,
            frames,
            place: 0,
        }
    }

    /// The next packet, found again by its sync byte if bytes between are none; `None` at the end.
    fn packet(&mut self) -> Result<Option<[u8; PACKET]>> {
        loop {
            let start = self.rest.iter().position(|&byte| byte == SYNC);
            self.rest.drain(..start.unwrap_or(self.rest.len()));
            if let Some((packet, rest)) = self.rest.split_first_chunk::<PACKET>() {
                // The next one begins at once, or behind the four bytes that cameras put before each.
                let follows = |at: usize| rest.get(at).is_none_or(|&byte| byte == SYNC);
                if follows(0) || follows(4) {
                    let packet = *packet;
                    self.rest.drain(..PACKET);
                    return Ok(Some(packet));
                }
                self.rest.remove(0);
                continue;
            }
            let had = self.rest.len();
            self.rest.resize(had + 64 * PACKET, 0);
            let read = self.packets.read(&mut self.rest[had..]);
            self.rest.truncate(had + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Keeps what `packet` holds of the track of sound.
    fn take(&mut self, packet: &[u8; PACKET]) {
        let (starts, track) = (
            packet[1] & 0x40 != 0,
            u16::from_be_bytes([packet[1] & 0x1f, packet[2]]),
        );
        let start = match packet[3] >> 4 & 3 {
            1 => 4,
            3 => 5 + usize::from(packet[4]),
            _ => return,
        };
        let payload = packet.get(start..).unwrap_or(&[]);
        let frames = match payload {
            [0, 0, 1, id, _, _, _, _, header, rest @ ..] if starts => {
                if SOUND.contains(id) {
                    self.track.get_or_insert(track);
                }
                rest.get(usize::from(*header)..).unwrap_or(&[])
            }
            _ if starts => &[],
            payload => payload,
        };
        if self.track == Some(track) {
            self.frames.extend_from_slice(frames);
        }
    }
}

impl<R: Read> Read for Transport<R> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        while self.place == self.frames.len() {
            self.frames.clear();
            self.place = 0;
            match self.packet()? {
                Some(packet) => self.take(&packet),
                None => return Ok(0),
            }
        }
        let count = to.len().min(self.frames.len() - self.place);
        to[..count].copy_from_slice(&self.frames[self.place..self.place + count]);
        self.place += count;
        Ok(count)
    }
}
