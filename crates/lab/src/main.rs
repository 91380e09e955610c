//! `cargo run --release -p wsac-lab -- COMMAND`: measurements of wsac, and the maker of `models/mini`.
//!
//! A file has one command: its arguments ([`clap::Args`]) and `run`, which prints results to standard output, as JSON lines
//! where a script of `bench/` reads them. `cargo test` does not build this crate; clippy checks it.

mod ablation;
mod bench_captions;
mod caption_profile;
mod confidence;
mod encode_speed;
mod epoch_speed;
mod esc10;
mod formula;
mod greedy_speed;
mod long_recording;
mod make_mini;
mod measure_text;
mod memory_speed;
mod open_weights;
mod process;
mod read_bandwidth;
mod report_sheet;
mod search_speed;
mod server_load;
mod timeline_score;
mod timing;
mod train_step;
mod tsne_speed;
mod wav;
mod yardstick;

use clap::{Parser, Subcommand};

/// Measurements of wsac, and the maker of models/mini
#[derive(Parser)]
#[command(name = "wsac-lab", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ablation(ablation::Args),
    BenchCaptions(bench_captions::Args),
    CaptionProfile(caption_profile::Args),
    Confidence(confidence::Args),
    EncodeSpeed(encode_speed::Args),
    EpochSpeed(epoch_speed::Args),
    GreedySpeed(greedy_speed::Args),
    LongRecording(long_recording::Args),
    #[command(subcommand)]
    MakeMini(make_mini::File),
    MeasureText(measure_text::Args),
    MemorySpeed(memory_speed::Args),
    OpenWeights(open_weights::Args),
    ReadBandwidth(read_bandwidth::Args),
    ReportSheet(report_sheet::Args),
    SearchSpeed(search_speed::Args),
    ServerLoad(server_load::Args),
    TimelineScore(timeline_score::Args),
    TrainStep(train_step::Args),
    TsneSpeed(tsne_speed::Args),
    Yardstick(yardstick::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Ablation(args) => ablation::run(&args),
        Command::BenchCaptions(args) => bench_captions::run(&args),
        Command::CaptionProfile(args) => caption_profile::run(&args),
        Command::Confidence(args) => confidence::run(&args),
        Command::EncodeSpeed(args) => encode_speed::run(&args),
        Command::EpochSpeed(args) => epoch_speed::run(&args),
        Command::GreedySpeed(args) => greedy_speed::run(&args),
        Command::LongRecording(args) => long_recording::run(&args),
        Command::MakeMini(file) => make_mini::run(&file),
        Command::MeasureText(args) => measure_text::run(&args),
        Command::MemorySpeed(args) => memory_speed::run(&args),
        Command::OpenWeights(args) => open_weights::run(&args),
        Command::ReadBandwidth(args) => read_bandwidth::run(&args),
        Command::ReportSheet(args) => report_sheet::run(&args),
        Command::SearchSpeed(args) => search_speed::run(&args),
        Command::ServerLoad(args) => server_load::run(&args),
        Command::TimelineScore(args) => timeline_score::run(&args),
        Command::TrainStep(args) => train_step::run(&args),
        Command::TsneSpeed(args) => tsne_speed::run(&args),
        Command::Yardstick(args) => yardstick::run(&args),
    }
}

/// `cargo test -p wsac-lab --bin wsac-lab`: not among the workspace's tests, as it links the models.
#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn scripts_and_documents_find_their_commands() {
        Cli::command().debug_assert();
        for line in [
            "ablation esc10 even",
            "bench-captions esc10 --write",
            "caption-profile dog.ogg",
            "caption-profile dog.ogg keys.json front.safetensors bf16",
            "confidence esc10 esc50dev",
            "encode-speed keys.json front.safetensors f32",
            "encode-speed keys.json front.safetensors bf16 10 30",
            "epoch-speed keys.json captions.csv f32",
            "greedy-speed 50257 3 int8 32",
            "long-recording long.wav 60 a.ogg b.ogg",
            "make-mini classes captions.csv",
            "measure-text captions.csv",
            "memory-speed file 1000 384 5",
            "open-weights --keep file.pt",
            "read-bandwidth",
            "report-sheet",
            "search-speed 50000 1024 5",
            "server-load wsac dog.ogg 10 end malformed",
            "timeline-score esc10 10 joined out.wav",
            "train-step 5000 3 f32 14",
            "tsne-speed",
            "yardstick shared clean_seed0 bf16",
        ] {
            let words = std::iter::once("wsac-lab").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
