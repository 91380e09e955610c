//! ffmpeg as the last resort, where it is on the PATH: a file -> a WAV stream of 32-bit floats.
//!
//! It is a child process that may open that one file and its own pipes and nothing else, knows only containers of sound (no
//! play lists, which name other files), and is ended when nothing comes for a minute or far more than a file of that
//! size can hold.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The program, looked up on the PATH.
const PROGRAM: &str = "ffmpeg";

/// How long it may give nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// No codec that anybody uses takes fewer bytes a second; a file that claims more is no recording.
const LEAST_BYTES_A_SECOND: u64 = 50;

/// The containers it may read.
const FORMATS: &str = "3gp,aa,aac,aax,ac3,act,adx,aea,aiff,amr,amrnb,amrwb,ape,apc,aptx,aptx_hd,asf,ast,au,avi,avr,bfstm,\
brstm,caf,codec2,dhav,dsf,dss,dts,dtshd,dv,eac3,flac,flv,g722,g723_1,g729,gsm,gxf,ifv,iff,ircam,iss,kvag,lmlm4,\
loas,matroska,mlp,mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nsp,nut,ogg,oma,pvf,qcp,rm,rso,sbc,shn,sln,sol,sox,\
svs,tak,truehd,tta,vag,voc,vqf,w64,wav,wsd,wtv,wv,wve,xa,xwma";

static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// From now on this process does not start ffmpeg.
pub fn forbid() {
    FORBIDDEN.store(true, Ordering::Relaxed);
}

/// Whether [`forbid`] was called.
pub(super) fn is_forbidden() -> bool {
    FORBIDDEN.load(Ordering::Relaxed)
}

/// The version of the ffmpeg that is used for what is not decoded here, e.g. `5.1.6`; `None` where there is none on the
/// PATH or it is forbidden.
pub fn version() -> Option<&'static str> {
    static VERSION: OnceLock<Option<String>> = OnceLock::new();
    let found = VERSION.get_or_init(|| {
        let mut command = Command::new(PROGRAM);
        let output = command.arg("-version").stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text
            .strip_prefix("ffmpeg version ")?
            .split_whitespace()
            .next()?;
        Some(version.to_owned())
    });
    found.as_deref().filter(|_| !is_forbidden())
}

/// A running ffmpeg; what it gives is read from it.
pub(super) struct Ffmpeg {
    child: Child,
    blocks: Mutex<Receiver<Result<Vec<u8>>>>,
    block: Vec<u8>,
    place: usize,
    complaint: Complaint,
    /// What collects its complaints, until it has ended.
    collector: Option<JoinHandle<()>>,
}

/// What it says of the file and of faults in it; complete after the last byte.
#[derive(Clone, Default)]
pub(super) struct Complaint(Arc<Mutex<String>>);

impl Complaint {
    /// The last error that it told, if there is any.
    pub(super) fn last_line(&self) -> Option<String> {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_error = |line: &&str| line.contains("[error]") || line.contains("[fatal]");
        let line = said.lines().rfind(is_error)?;
        let words = line.rsplit_once("] ").map_or(line, |(_, words)| words);
        Some(words.chars().filter(|c| !c.is_control()).collect())
    }

    /// The length in seconds that it tells of the file, unless it only guesses.
    pub(super) fn promised(&self) -> Option<f64> {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.contains("Estimating duration") {
            return None;
        }
        let (_, after) = said.split_once("Duration: ")?;
        let mut parts = after
            .split(',')
            .next()?
            .split(':')
            .map(|part| part.trim().parse::<f64>());
        let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
        let seconds = hours.ok()? * 3600.0 + minutes.ok()? * 60.0 + seconds.ok()?;
        (seconds > 0.0).then_some(seconds)
    }
}

impl Ffmpeg {
    /// Starts it on `file`; on its sound track `track`, counted from 0, or the one that ffmpeg prefers.
    pub(super) fn start(file: &Path, track: Option<usize>) -> Result<Self> {
        let bytes = std::fs::metadata(file)?.len();
        let most_seconds = 60 + bytes / LEAST_BYTES_A_SECOND;
        let mut url = std::ffi::OsString::from("file:");
        url.push(file);
        let mut command = Command::new(PROGRAM);
        command.args([
            "-hide_banner",
            "-nostats",
            "-v",
            "level+info",
            "-nostdin",
            "-protocol_whitelist",
            "file,pipe",
        ]);
        command.args(["-format_whitelist", FORMATS, "-i"]).arg(url);
        if let Some(track) = track {
            command.args(["-map", &format!("0:a:{track}")]);
        }
        command.args(["-vn", "-sn", "-dn", "-t", &most_seconds.to_string()]);
        command.args(["-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]);
        command.env_remove("FFREPORT");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;

        let (give, blocks) = sync_channel(4);
        if let Some(mut output) = child.stdout.take() {
            thread::spawn(move || {
                loop {
                    let mut block = vec![0; 1 << 16];
                    let read = output.read(&mut block).map(|count| {
                        block.truncate(count);
                        block
                    });
                    let last = !matches!(&read, Ok(block) if !block.is_empty());
                    if give.send(read).is_err() || last {
                        return;
                    }
                }
            });
        }
        let complaint = Complaint::default();
        let collector = child.stderr.take().map(|errors| {
            let complaint = complaint.clone();
            thread::spawn(move || collect(errors, &complaint))
        });
        let (blocks, block, place) = (Mutex::new(blocks), Vec::new(), 0);
        Ok(Self {
            child,
            blocks,
            block,
            place,
            complaint,
            collector,
        })
    }

    /// What it will have complained about.
    pub(super) fn complaint(&self) -> Complaint {
        self.complaint.clone()
    }
}

/// Keeps the beginning and the end of what is said, and reads on so that the child is never held up.
fn collect(mut errors: impl Read, complaint: &Complaint) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = errors.read(&mut bytes) {
        let mut said = complaint.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() > 8 * bytes.len() {
            let kept = said.floor_char_boundary(4 * bytes.len());
            said.truncate(kept);
        }
        said.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
}

impl Read for Ffmpeg {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        if self.place == self.block.len() {
            let blocks = self
                .blocks
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            self.block = match blocks.recv_timeout(PATIENCE) {
                Ok(block) => block?,
                Err(RecvTimeoutError::Disconnected) => Vec::new(),
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    return Err(Error::new(
                        ErrorKind::TimedOut,
                        "ffmpeg gave nothing for a minute",
                    ));
                }
            };
            self.place = 0;
            if let Some(collector) = self.collector.take_if(|_| self.block.is_empty()) {
                let _ = collector.join();
            }
        }
        let count = to.len().min(self.block.len() - self.place);
        to[..count].copy_from_slice(&self.block[self.place..self.place + count]);
        self.place += count;
        Ok(count)
    }
}

impl Drop for Ffmpeg {
    /// Nobody reads on: it has nothing more to do.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
