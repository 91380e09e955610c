//! A recording of any kind -> blocks of interleaved samples: by the libraries that are built in, and by ffmpeg where they
//! cannot or where they give up in the middle.

use crate::advice;
use crate::error::{Error, Result};
use crate::ffmpeg::{self, Complaint};
use crate::input::Input;
use crate::kind::{self, Kind, Way};
use crate::length::verdict;
use crate::opening::{self, Opened, Refused};
use crate::ours::{Account, Block};
use crate::source::Source;

/// A recording being decoded.
pub(super) struct Decoder {
    input: Input,
    opened: Opened,
    /// The first block, which [`Decoder::open`] decoded to learn the rate.
    first: Option<Block>,
    /// What ffmpeg complains about, once it decodes.
    ffmpeg: Option<Complaint>,
    /// Whether ffmpeg was asked or cannot be.
    without_help: bool,
    /// The account of what was heard before ffmpeg took over.
    before: Option<Account>,
    /// Seconds of ffmpeg's sound that were heard already.
    to_skip: f64,
}

impl Decoder {
    /// Opens `source`; of several tracks of sound the one `track`, counted from 0, or the best.
    pub(super) fn open(source: &Source, track: Option<usize>) -> Result<Self> {
        Self::of(Input::open(source)?, track)
    }

    /// As [`Decoder::open`], of an open source.
    pub(super) fn of(mut input: Input, track: Option<usize>) -> Result<Self> {
        if kind::is_text(input.head(), input.is_all_head()) {
            return Err(Error::audio(input.name(), advice::is_text()));
        }
        let kind = kind::kind(input.head());
        let fault = match kind.map(|kind| Self::ours(&mut input, kind, track)) {
            Some(Ok(decoder)) => return Ok(decoder),
            Some(Err(Refused::For(error))) => return Err(error),
            Some(Err(Refused::Fault(fault))) => fault,
            None => String::new(),
        };
        let hopeless = kind.is_some_and(|kind| kind.way == Way::NoSound);
        if !hopeless
            && ffmpeg::version().is_some()
            && let Ok(decoder) = Self::helped(&mut input, track)
        {
            return Ok(decoder);
        }
        if let Some(decoder) =
            kind.and_then(|kind| Self::as_far_as_it_goes(&mut input, kind, track))
        {
            return Ok(decoder);
        }
        Err(Error::audio(
            input.name(),
            advice::refusal(input.name(), kind, &fault),
        ))
    }

    /// Decoded by the built-in libraries, at least at its beginning.
    fn ours(
        input: &mut Input,
        kind: Kind,
        track: Option<usize>,
    ) -> std::result::Result<Self, Refused> {
        let opened = opening::open(input, kind, track)?;
        Self::new(input.clone(), opened, None).started()
    }

    /// Decoded by the built-in libraries where nobody does better: the core of HE-AAC, or what follows a damaged beginning.
    fn as_far_as_it_goes(input: &mut Input, kind: Kind, track: Option<usize>) -> Option<Self> {
        input.settle().ok()?;
        if let Some(core) = opening::core_of(input) {
            return Self::new(input.clone(), core, None).started().ok();
        }
        let opened = opening::open(input, kind, track).ok()?;
        let mut decoder = Self::new(input.clone(), opened, None);
        while decoder.first.is_none() && !decoder.opened.ours.is_at_end() {
            decoder.first = decoder.opened.ours.next_block().ok()?;
        }
        decoder.first.is_some().then_some(decoder)
    }

    /// Decoded by ffmpeg.
    fn helped(input: &mut Input, track: Option<usize>) -> std::result::Result<Self, Refused> {
        let (opened, complaint) = opening::by_ffmpeg(input, track)?;
        let mut decoder = Self::new(input.clone(), opened, Some(complaint)).started()?;
        decoder.without_help = true;
        Ok(decoder)
    }

    fn new(input: Input, opened: Opened, ffmpeg: Option<Complaint>) -> Self {
        Self {
            input,
            opened,
            first: None,
            ffmpeg,
            without_help: false,
            before: None,
            to_skip: 0.0,
        }
    }

    /// With its first block decoded.
    fn started(mut self) -> std::result::Result<Self, Refused> {
        let failed = |e| Refused::For(Error::io(self.input.name(), e));
        self.first = self.opened.ours.next_block().map_err(failed)?;
        if self.first.is_some() {
            return Ok(self);
        }
        let account = self.opened.ours.account();
        let fault = match (&account.broke_off, account.bad) {
            (Some(end), _) if end.is_end_of_data => "breaks off before its first sample".to_owned(),
            (Some(end), _) => end.fault.clone(),
            (None, 0) => {
                let reason = "holds no sound (0 samples)";
                return Err(Refused::For(Error::audio(self.input.name(), reason)));
            }
            (None, bad) => format!("the first {bad} of its packets cannot be decoded"),
        };
        Err(Refused::Fault(fault))
    }

    /// The rate of the first samples, in Hz, and their channels.
    pub(super) fn spec(&self) -> crate::codec::Spec {
        let first = self.first.as_ref().map(|block| block.spec);
        first.unwrap_or(crate::codec::Spec {
            rate: 0,
            channels: 0,
        })
    }

    /// How many seconds there are, as far as that is known beforehand.
    pub(super) fn expected(&self) -> Option<f64> {
        self.opened.expected
    }

    /// The next samples, never empty; `None` at the end.
    ///
    /// # Errors
    /// Where the system cannot read the recording.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        loop {
            let block = self.opened.ours.next_block();
            match block.map_err(|e| Error::io(self.input.name(), e))? {
                Some(block) => match self.behind_what_was_heard(block) {
                    Some(block) => return Ok(Some(block)),
                    None => continue,
                },
                None if self.take_help() => {}
                // It may find its way behind the damage.
                None if !self.opened.ours.is_at_end() => {}
                None => return Ok(None),
            }
        }
    }

    /// Where the built-in libraries gave up for a reason that is theirs, lets ffmpeg go on; whether it does.
    fn take_help(&mut self) -> bool {
        let ours = &self.opened.ours;
        let broke_off = ours.account().broke_off.as_ref();
        let gave_up = broke_off.is_some_and(|end| !end.is_end_of_data) || !ours.is_at_end();
        if !gave_up || self.without_help || ffmpeg::version().is_none() {
            return false;
        }
        self.without_help = true;
        let Ok((opened, complaint)) = opening::by_ffmpeg(&mut self.input, self.opened.track) else {
            return false;
        };
        let account = ours.account().clone();
        self.to_skip = account.heard;
        self.before = Some(account);
        let notes = std::mem::take(&mut self.opened.notes);
        self.opened = Opened { notes, ..opened };
        self.ffmpeg = Some(complaint);
        true
    }

    /// What of ffmpeg's `block` is new.
    fn behind_what_was_heard(&mut self, mut block: Block) -> Option<Block> {
        if self.to_skip > 0.0 {
            let (rate, channels) = (f64::from(block.spec.rate.max(1)), block.spec.channels);
            let frames = block.interleaved.len() / channels;
            let skipped = ((self.to_skip * rate).round() as usize).min(frames);
            self.to_skip -= skipped as f64 / rate;
            if self.to_skip * rate < 0.5 {
                self.to_skip = 0.0;
            }
            block.interleaved.drain(..skipped * channels);
        }
        (!block.interleaved.is_empty()).then_some(block)
    }

    /// At the end: what is to be said of the whole.
    ///
    /// # Errors
    /// Where hardly anything could be decoded.
    pub(super) fn verdict(&self) -> Result<Vec<String>> {
        let name = self.input.name().display().to_string();
        let mut said = self.opened.notes.clone();
        let now = self.opened.ours.account();
        let account = match &self.before {
            // What the container promised holds for the two together.
            Some(before) if now.heard > before.heard => {
                let fault = before
                    .broke_off
                    .as_ref()
                    .map_or("damaged packets", |end| &end.fault);
                let seconds = before.heard;
                said.push(format!(
                    "{name}: from {seconds:.1} s on it was decoded by ffmpeg ({fault})"
                ));
                Account {
                    promised: before.promised,
                    packet: before.packet,
                    ..now.clone()
                }
            }
            Some(before) => before.clone(),
            None => {
                let by_ffmpeg = self.ffmpeg.as_ref().and_then(Complaint::promised);
                Account {
                    promised: now.promised.or(by_ffmpeg),
                    ..now.clone()
                }
            }
        };
        let about = verdict(&name, &account, account.heard);
        said.extend(about.map_err(|reason| Error::audio(self.input.name(), reason))?);
        let complaint = self.ffmpeg.as_ref().and_then(Complaint::last_line);
        said.extend(complaint.map(|line| format!("{name}: ffmpeg says: {line}")));
        Ok(said)
    }
}
