//! A recording decoded by the libraries that are built in: its packets -> blocks of interleaved samples, and an account of
//! what was heard, what was promised and what could not be decoded.

use std::io::ErrorKind;

use symphonia::core::errors::Error as Fault;

use crate::codec::{Codec, Spec};
use crate::container::Container;

/// How many packets in a row may be damaged before the decoder is taken for unable.
const STRUGGLING: u64 = 8;

/// A recording being decoded.
pub(super) struct Ours {
    container: Container,
    codec: Codec,
    account: Account,
    /// Samples of each channel in the longest packet.
    ended: bool,
    bad_in_a_row: u64,
}

/// What was heard of a recording.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    /// Seconds of sound that were decoded.
    pub heard: f64,
    /// Seconds that the container promises of the streams so far, where it promises any.
    pub promised: Option<f64>,
    /// Seconds of the longest packet: no length is known more exactly.
    pub packet: f64,
    /// Packets that could be decoded.
    pub good: u64,
    /// Packets that could not.
    pub bad: u64,
    /// Why it ended before its end, if it did.
    pub broke_off: Option<Break>,
}

/// A premature end.
#[derive(Debug, Clone)]
pub(super) struct Break {
    /// In words.
    pub fault: String,
    /// Whether the data simply ends there: nobody can read more.
    pub is_end_of_data: bool,
}

/// A block of samples.
pub(super) struct Block {
    pub spec: Spec,
    /// `channels` samples at a time.
    pub interleaved: Vec<f32>,
}

impl Ours {
    /// The chosen track of `container`, decoded by `codec`.
    pub(super) fn new(container: Container, codec: Codec, promised: Option<f64>) -> Self {
        let account = Account {
            promised,
            ..Account::default()
        };
        Self {
            container,
            codec,
            account,
            ended: false,
            bad_in_a_row: 0,
        }
    }

    /// The account so far.
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// Whether so many packets in a row cannot be decoded that the fault is ours.
    pub(super) fn is_struggling(&self) -> bool {
        self.bad_in_a_row >= STRUGGLING
    }

    /// The next block, never empty; `None` at the end.
    ///
    /// # Errors
    /// Where the system cannot read the recording.
    pub(super) fn next_block(&mut self) -> std::io::Result<Option<Block>> {
        while !self.ended {
            let packet = match &mut self.container {
                Container::Samples(samples) => samples.next_packet().map_err(Fault::IoError),
                Container::Aac(frames) => frames.next_packet().map_err(Fault::IoError),
                Container::Tracks(tracks) => tracks.next_packet(),
            };
            match packet {
                Ok(Some(packet)) => {
                    let mut interleaved = Vec::new();
                    match self.codec.decode(&packet, &mut interleaved) {
                        Ok(spec) => {
                            self.bad_in_a_row = 0;
                            if let Some(block) = self.take(spec, interleaved) {
                                return Ok(Some(block));
                            }
                        }
                        // A packet that cannot be decoded is passed over; the next ones may be whole.
                        Err(Fault::DecodeError(_) | Fault::IoError(_)) => {
                            self.account.bad += 1;
                            self.bad_in_a_row += 1;
                            if self.is_struggling() {
                                // Whoever asks decides whether to go on.
                                return Ok(None);
                            }
                        }
                        Err(Fault::ResetRequired) => self.codec.reset(),
                        Err(fault) => self.break_off(fault)?,
                    }
                }
                Ok(None) => self.ended = true,
                Err(Fault::ResetRequired) => self.next_stream()?,
                Err(fault) => self.break_off(fault)?,
            }
        }
        Ok(None)
    }

    /// Whether there is nothing more.
    pub(super) fn is_at_end(&self) -> bool {
        self.ended
    }

    /// Keeps the account of a decoded packet; `None` where it gave no samples.
    fn take(&mut self, spec: Spec, interleaved: Vec<f32>) -> Option<Block> {
        let frames = interleaved.len().checked_div(spec.channels)?;
        if frames == 0 {
            return None;
        }
        let seconds = frames as f64 / f64::from(spec.rate.max(1));
        self.account.good += 1;
        self.account.heard += seconds;
        self.account.packet = self.account.packet.max(seconds);
        Some(Block { spec, interleaved })
    }

    /// Where another stream begins in the same file (chained Ogg).
    fn next_stream(&mut self) -> std::io::Result<()> {
        // The length of what follows is not known.
        self.account.promised = None;
        let Container::Tracks(tracks) = &mut self.container else {
            return Ok(());
        };
        if !tracks.restart() {
            self.ended = true;
            return Ok(());
        }
        let Some(parameters) = tracks.parameters() else {
            return Ok(());
        };
        match Codec::new(parameters) {
            Ok(codec) => self.codec = codec,
            Err(fault) => self.break_off(fault)?,
        }
        Ok(())
    }

    /// Ends at a fault: one of the system is passed on, one of the file is remembered.
    fn break_off(&mut self, fault: Fault) -> std::io::Result<()> {
        self.ended = true;
        let is_end_of_data = match &fault {
            Fault::IoError(e) if is_end_of_data(e) => true,
            Fault::IoError(_) => false,
            _ => false,
        };
        match fault {
            Fault::IoError(e) if !is_end_of_data => Err(e),
            fault => {
                let fault = fault.to_string();
                self.account.broke_off = Some(Break {
                    fault,
                    is_end_of_data,
                });
                Ok(())
            }
        }
    }
}

/// Whether `e` says that the data ended, not that the system failed.
pub(super) fn is_end_of_data(e: &std::io::Error) -> bool {
    // Symphonia reports the end of its own buffers as `Other`.
    matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::Other)
}
