//! The program as its users meet it: each test runs the binary `wsac` in a folder of its own.

mod captions_files;
mod clap;
mod convert;
mod embeddings;
mod eval;
mod experiment;
mod formats;
mod hearing;
mod hostile;
mod hub;
mod learned;
mod merge;
mod metrics;
mod models;
mod refine;
mod resume;
mod safety;
mod serve;
#[path = "../../../encoders/tests/hub/server.rs"]
mod server;
mod timeline;
mod training;
mod world;
