//! Recordings that people have and that once were refused, heard in part, or heard wrongly; each as a file and as a pipe.

#![allow(clippy::unwrap_used)]

mod channels;
mod heard;
mod help;
mod lengths;
mod samples;
mod tracks;
