// A server and a browser for the page's tests and pictures. WSAC names the binary, CHROMIUM the browser.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");
export const folder = mkdtempSync(join(tmpdir(), "wsac-page-"));
const clips = join(root, "examples/clips");
const binary = process.env.WSAC ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "release/wsac");

/** Starts a server on a free port: {url, stop}. */
export async function serve(...flags) {
  const child = spawn(binary, ["serve", "--port", "0", ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  const url = await new Promise((found, failed) => {
    let said = "";
    child.stderr.on("data", (data) => {
      said += data;
      const at = said.match(/listening at (\S+)\s/); // The line may come in pieces.
      if (at) found(at[1]);
    });
    child.on("exit", () => failed(new Error(`the server ended: ${said}`)));
  });
  const gone = new Promise((done) => child.on("exit", done));
  return { url, stop: () => { child.kill("SIGTERM"); return gone; } };
}

/** A recording of several sounds with gaps: the bundled clips one after the other. */
export function scene() {
  const file = join(folder, "a day at home.wav");
  const names = ["dog.ogg", "rooster.ogg", "rain.ogg"].map((name) => join(clips, name));
  const filter = "[0]apad=pad_dur=2[a];[1]apad=pad_dur=2[b];[a][b][2]concat=n=3:v=0:a=1";
  const inputs = names.flatMap((name) => ["-i", name]);
  const made = spawnSync("ffmpeg", ["-y", "-loglevel", "error", ...inputs, "-filter_complex", filter, "-ar", "16000", "-ac", "1", file]);
  if (made.status !== 0) throw new Error(`ffmpeg: ${made.stderr}`);
  return file;
}

/** A browser whose microphone plays the dog. */
export function browse() {
  const sound = join(folder, "microphone.wav");
  spawnSync("ffmpeg", ["-y", "-loglevel", "error", "-i", join(clips, "dog.ogg"), "-ar", "48000", sound]);
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
      `--use-file-for-fake-audio-capture=${sound}`, "--autoplay-policy=no-user-gesture-required"],
  });
}

export const dog = join(clips, "dog.ogg");
