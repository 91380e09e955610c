// The page: recordings in; their pictures, captions and timelines out. Nothing is kept but in this tab.
//
// The server captions what it is sent (api); pictures are drawn here from the decoded samples (draw); edits live in
// `clip.segments`, which exports, the strip and the subtitles of the player are made from.

const $ = (id) => document.getElementById(id);
const audio = $("audio");
const clips = [];
let clip = null; // the one that is shown
let recorder = null;

// ---- talking to the server ----

/** Asks the server. `body` is a Blob, or an object that becomes JSON. Throws an Error whose message is a sentence. */
async function api(path, { query = {}, body, method = body ? "POST" : "GET" } = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const address = path + (given.length ? "?" + new URLSearchParams(given) : "");
  const headers = {};
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body && !(body instanceof Blob)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  } else if (body) {
    headers["Content-Type"] = "application/octet-stream";
  }
  let answer;
  try {
    answer = await fetch(address, { method, headers, body });
  } catch {
    throw new Error("The server cannot be reached. Is it still running?");
  }
  if (answer.ok) return answer;
  if (answer.status === 401) $("token").hidden = false;
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.error ? sentence(told.error) : `The server answered ${answer.status}.`);
}

/** The events of a stream: {name, data}. */
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const block of whole) {
      const field = (key) => block.split("\n").find((l) => l.startsWith(`${key}:`))?.slice(key.length + 1).trim();
      if (field("event")) yield { name: field("event"), data: JSON.parse(field("data")) };
    }
  }
}

// ---- small things ----

// What begins with the name of a recording keeps its letters.
const sentence = (text) => (text.includes(": ") ? text : text[0].toUpperCase() + text.slice(1)) + (/[.!?]$/.test(text) ? "" : ".");
const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
const trouble = (error) => {
  $("trouble").hidden = !error;
  $("trouble").textContent = error ? (error.message ?? error) : "";
};
const say = (text) => { $("status").textContent = text; };
const make = (tag, props = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
};

/** Does `work`; what goes wrong is told, under the name of the recording. */
async function told(of, work) {
  try {
    await work();
  } catch (error) {
    if (!of || of === clip) trouble(error);
    if (of) of.error = error.message;
  }
}

// ---- recordings ----

/** Takes recordings in, and shows the first of them. */
function take(files) {
  trouble(null);
  const taken = [...files].map((file) => ({ file, name: file.name, url: URL.createObjectURL(file), segments: [] }));
  clips.push(...taken);
  for (const of of taken) told(of, () => understand(of));
  if (taken.length) show(taken[0]);
}

/** Decodes a recording for its picture while the server analyses it. */
async function understand(of) {
  const decoded = of.file.arrayBuffer().then(decode).then(
    (samples) => { of.samples = samples; of.duration ??= samples.length / RATE; refresh(of); },
    () => { of.blind = true; refresh(of); }, // the browser does not know the format; the server may
  );
  await Promise.all([decoded, analyse(of)]);
}

/** Sends the recording once; caption, strategies, sounds and segments come back as the server finds them. */
async function analyse(of) {
  const memory = $("memories").value;
  const run = (of.run = {}); // one with another memory takes its place
  Object.assign(of, { memory, told: null, strategies: null, moments: null, segments: [], listening: true });
  refresh(of);
  const answer = await api("v1/analysis", { query: { memory, neighbours: 5, name: of.name }, body: of.file });
  for await (const { name, data } of events(answer)) {
    if (of.run !== run) return;
    if (name === "error") throw new Error(sentence(data.error));
    if (name === "caption") Object.assign(of, { told: data, duration: data.duration });
    if (name === "strategies") of.strategies = data;
    if (name === "sounds") of.moments = data;
    if (name === "segment") of.segments.push(data);
    if (name === "done") Object.assign(of, { warnings: data.warnings, listening: false, moments: of.moments ?? { sounds: [] } });
    refresh(of);
  }
}

// ---- showing ----

function show(of) {
  clip = of;
  audio.pause();
  audio.src = of.url;
  $("clip").hidden = false;
  refresh(of);
  draw();
}

/** Brings the page up to date with a recording, if it is the one that is shown. */
function refresh(of) {
  $("clips").hidden = clips.length < 2;
  $("clips").replaceChildren(...clips.map((c) => {
    const button = make("button", { type: "button", textContent: c.name, onclick: () => { show(c); trouble(c.error); } });
    button.setAttribute("aria-current", String(c === clip));
    return button;
  }));
  if (of !== clip) return;
  $("name").textContent = of.name;
  $("caption").textContent = of.told?.caption ?? (of.error ? "This could not be captioned." : "Listening …");
  $("evidence").textContent = of.told ? evidence(of) : "";
  say(of.error ? "" : of.listening ? `Listening: told up to ${clock(of.segments.at(-1)?.end ?? 0)}` : of.told ? "Done." : "Listening …");
  refreshSegments(of);
  refreshSounds(of);
  refreshStrategies(of);
  if (of.samples && of.drawn !== of.samples) draw();
  $("picture").setAttribute("aria-valuemax", (of.duration ?? 0).toFixed(1));
}

function evidence({ told, warnings, blind }) {
  const parts = [told.weak ? "A guess, evidence" : "Evidence", `${Math.round(100 * told.confidence)} %`];
  const more = [...new Set([...(warnings ?? []), ...(told.warnings ?? [])])];
  if (blind) more.push("Your browser cannot play this format, so there is no picture.");
  return [parts.join(" "), clock(told.duration) + " long", ...more].join(" · ");
}

function refreshSegments(of) {
  const list = $("segments");
  // What is being edited is left alone: only what is new is added.
  if (list.of !== of || list.children.length > of.segments.length) list.replaceChildren();
  list.of = of;
  for (const segment of of.segments.slice(list.children.length)) {
    const play = make("button", { type: "button", textContent: `${clock(segment.start)} – ${clock(segment.end)}`, onclick: () => playPart(segment) });
    play.setAttribute("aria-label", `Play ${clock(segment.start)} to ${clock(segment.end)}: ${segment.caption}`);
    const text = make("textarea", { rows: 1, value: segment.caption });
    text.oninput = () => {
      segment.caption = text.value.replaceAll(/\s*\n\s*/g, " ");
      if (text.value !== segment.caption) text.value = segment.caption;
      subtitles();
    };
    text.setAttribute("aria-label", `Caption from ${clock(segment.start)} to ${clock(segment.end)}`);
    const names = segment.sounds.slice(0, 3).map((s) => `${s.name} ${Math.round(100 * s.score)} %`).join(", ");
    list.append(make("li", {}, play, text, make("small", { textContent: (segment.weak ? "a guess · " : "") + names })));
  }
  if (!of.segments.length && !of.listening && of.told) list.replaceChildren(make("li", { textContent: "Silence." }));
  const length = of.duration || 1;
  $("strip").replaceChildren(...of.segments.map((segment) => {
    const bar = make("div", { title: segment.caption, onclick: () => playPart(segment) });
    bar.style.left = `${(100 * segment.start) / length}%`;
    bar.style.width = `${(100 * (segment.end - segment.start)) / length}%`;
    return bar;
  }));
  $("exports").hidden = !of.segments.length;
  subtitles();
}

function refreshSounds(of) {
  const moments = of.moments;
  const row = ({ name, scores }) => {
    const n = scores.length;
    const points = scores.map((score, i) => `${((i + 0.5) / n) * 100} ${26 - 26 * score}`);
    const first = 26 - 26 * scores[0], last = 26 - 26 * scores[n - 1];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 100 26");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", `M0 26L0 ${first}L${points.join("L")}L100 ${last}L100 26Z`);
    svg.append(path);
    const peak = Math.max(...scores);
    const at = clock(scores.indexOf(peak) * moments.hop);
    const value = make("span", { textContent: `${Math.round(100 * peak)} %`, title: `highest at ${at}` });
    return make("div", { className: "sound" }, make("span", { textContent: name }), svg, value);
  };
  const rows = (moments?.sounds ?? []).filter(({ scores }) => scores.length).map(row);
  const none = moments ? "The encoder of this server names no sounds." : "";
  $("sounds").replaceChildren(...(rows.length ? rows : [none]));
}

function refreshStrategies(of) {
  const label = $("memories").selectedOptions[0]?.textContent ?? "";
  $("what").textContent = `Each leans on ${label}; direct on none.`;
  $("strategies").replaceChildren(...(of.strategies ?? []).map((told) => make("tr", {},
    make("th", { scope: "row", textContent: told.strategy }),
    make("td", { textContent: told.caption }),
    make("td", { textContent: told.logprob?.toFixed(1) ?? "–" }))));
  $("neighbours").replaceChildren(...(of.told?.neighbours ?? []).map((n) => make("li", {},
    make("span", { textContent: n.similarity.toFixed(2) }), n.caption)));
}

// ---- pictures ----

const RATE = 16000; // samples a second of what is drawn
const FFT = 1024;
const MELS = 64;

/** The bytes of a recording as mono samples at RATE. */
async function decode(bytes) {
  const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes);
  const channels = Array.from({ length: decoded.numberOfChannels }, (_, c) => decoded.getChannelData(c));
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length);
}

/** Draws waveform and log-mel spectrogram of the shown recording. */
function draw() {
  const samples = clip?.samples;
  for (const id of ["wave", "mel"]) $(id).getContext("2d").clearRect(0, 0, $(id).width, $(id).height);
  $("picture").hidden = !!clip?.blind;
  if (!samples) return;
  clip.drawn = samples;
  drawWave($("wave"), samples);
  drawMel($("mel"), samples);
}

function drawWave(canvas, samples) {
  const { width, height } = canvas;
  const brush = canvas.getContext("2d");
  brush.fillStyle = getComputedStyle(canvas).getPropertyValue("--wave");
  const loudest = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-4);
  for (let x = 0; x < width; x++) {
    const part = samples.subarray((x * samples.length) / width, ((x + 1) * samples.length) / width + 1);
    const [low, high] = part.reduce(([a, b], s) => [Math.min(a, s), Math.max(b, s)], [0, 0]);
    const top = (height / 2) * (1 - high / loudest);
    brush.fillRect(x, top, 1, Math.max(1, ((height / 2) * (high - low)) / loudest));
  }
}

function drawMel(canvas, samples) {
  const { width, height } = canvas;
  const bands = melBands();
  const columns = new Float32Array(width * MELS);
  const window = Float32Array.from({ length: FFT }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT));
  const re = new Float32Array(FFT), im = new Float32Array(FFT);
  let most = -Infinity;
  for (let x = 0; x < width; x++) {
    const at = Math.round(((x + 0.5) * samples.length) / width - FFT / 2);
    for (let i = 0; i < FFT; i++) re[i] = (samples[at + i] ?? 0) * window[i];
    im.fill(0);
    fft(re, im);
    bands.forEach((band, m) => {
      let power = 1e-10;
      for (const [bin, weight] of band) power += weight * (re[bin] ** 2 + im[bin] ** 2);
      const level = 10 * Math.log10(power);
      columns[x * MELS + m] = level;
      most = Math.max(most, level);
    });
  }
  const picture = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    const m = Math.min(MELS - 1, Math.floor(((height - 1 - y) * MELS) / height));
    for (let x = 0; x < width; x++) {
      const value = Math.max(0, 1 - (most - columns[x * MELS + m]) / 75);
      picture.data.set([...colour(value), 255], 4 * (y * width + x));
    }
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/** Triangles on the mel scale, [[bin, weight], ..] a band. */
function melBands() {
  const mel = (hz) => 1127 * Math.log(1 + hz / 700);
  const hz = (m) => 700 * (Math.exp(m / 1127) - 1);
  const edge = (i) => (hz(mel(60) + (i * (mel(RATE / 2) - mel(60))) / (MELS + 1)) * FFT) / RATE;
  return Array.from({ length: MELS }, (_, m) => {
    const [low, peak, high] = [edge(m), edge(m + 1), edge(m + 2)];
    const band = [];
    for (let bin = Math.floor(low); bin <= Math.min(FFT / 2, Math.ceil(high)); bin++) {
      const weight = Math.min((bin - low) / (peak - low), (high - bin) / (high - peak));
      if (weight > 0) band.push([bin, weight]);
    }
    return band.length ? band : [[Math.round(peak), 1]];
  });
}

/** The Fourier transform of FFT numbers, in place: bits reversed, then butterflies. */
function fft(re, im) {
  for (let i = 1, j = 0; i < FFT; i++) {
    let bit = FFT >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let size = 2; size <= FFT; size *= 2) {
    for (let k = 0; k < size / 2; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const c = Math.cos(angle), s = Math.sin(angle);
      for (let i = k; i < FFT; i += size) {
        const j = i + size / 2;
        const r = re[j] * c - im[j] * s, t = re[j] * s + im[j] * c;
        [re[j], im[j]] = [re[i] - r, im[i] - t];
        re[i] += r;
        im[i] += t;
      }
    }
  }
}

/** From black over purple and orange to light yellow: equal steps look equal, with and without colour vision. */
const STOPS = [[0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164]];
function colour(value) {
  const at = Math.min(value, 0.9999) * (STOPS.length - 1);
  const [low, high] = [STOPS[Math.floor(at)], STOPS[Math.floor(at) + 1]];
  return low.map((c, i) => c + (high[i] - c) * (at % 1));
}

// ---- playing ----

let until = null; // where a segment ends

function playPart({ start, end }) {
  audio.currentTime = start;
  until = end;
  told(null, () => audio.play());
}

function toggle() {
  until = null;
  if (audio.paused) told(null, () => audio.play());
  else audio.pause();
}

function seek(seconds) {
  until = null;
  audio.currentTime = Math.min(Math.max(0, seconds), clip?.duration ?? 0);
  tick();
}

function tick() {
  const now = audio.currentTime, length = clip?.duration || 1;
  if (until !== null && now >= until) { audio.pause(); until = null; }
  $("playhead").style.left = `${Math.min(100, (100 * now) / length)}%`;
  $("time").textContent = clock(now);
  $("picture").setAttribute("aria-valuenow", now.toFixed(1));
  $("picture").setAttribute("aria-valuetext", `${clock(now)} of ${clock(length)}`);
  clip?.segments.forEach((s, i) => {
    const here = now >= s.start && now < s.end;
    $("segments").children[i]?.classList.toggle("now", here);
    $("strip").children[i]?.classList.toggle("now", here);
  });
  if (!audio.paused) requestAnimationFrame(tick);
}

/** Gives the player the captions as they are now; it says which one is due. */
function subtitles() {
  const track = $("track");
  if (track.src) URL.revokeObjectURL(track.src);
  track.src = URL.createObjectURL(new Blob([written.vtt(clip.segments)], { type: "text/vtt" }));
  track.track.mode = "hidden";
}

// ---- saving ----

const stamp = (seconds, point) => {
  const all = Math.round(1000 * seconds);
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  return `${two(all / 3.6e6)}:${two((all / 6e4) % 60)}:${two((all / 1e3) % 60)}${point}${String(all % 1000).padStart(3, "0")}`;
};
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const written = {
  srt: (all) => all.map((s, i) => `${i + 1}\n${stamp(s.start, ",")} --> ${stamp(s.end, ",")}\n${s.caption}\n\n`).join(""),
  vtt: (all) => "WEBVTT\n" + all.map((s) => `\n${stamp(s.start, ".")} --> ${stamp(s.end, ".")}\n${escaped(s.caption)}\n`).join(""),
  csv: (all) => "file_name,start,end,caption\n" + all.map((s) => [quoted(clip.name), s.start.toFixed(3), s.end.toFixed(3), quoted(s.caption)].join(",") + "\n").join(""),
  json: (all) => JSON.stringify({ file_name: clip.name, duration: clip.duration, segments: all }, null, 2) + "\n",
};

function save(format) {
  const url = URL.createObjectURL(new Blob([written[format](clip.segments)]));
  make("a", { href: url, download: `${clip.name.replace(/\.[^.]*$/, "")}.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
  say(`Saved as ${format.toUpperCase()}.`);
}

// ---- recording ----

/** Begins to record, or ends and takes the recording in, as WAV: not every server reads what browsers record. */
async function record() {
  if (recorder) return recorder.stop();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    throw new Error("The microphone cannot be used: allow it for this page, and open the page by https or at localhost.");
  }
  const parts = [];
  recorder = new MediaRecorder(stream);
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = () => told(null, async () => {
    recorder = null;
    $("record").textContent = "Record";
    $("record").setAttribute("aria-pressed", "false");
    stream.getTracks().forEach((track) => track.stop());
    const samples = await decode(await new Blob(parts).arrayBuffer()).catch(() => {
      throw new Error("Nothing was recorded. Record for a second or more.");
    });
    const count = clips.filter((c) => c.name.startsWith("microphone")).length + 1;
    take([new File([wav(samples)], `microphone ${count}.wav`)]);
  });
  recorder.start();
  $("record").textContent = "Stop recording";
  $("record").setAttribute("aria-pressed", "true");
  say("Recording …");
}

/** Samples at RATE as a 16-bit WAV file. */
function wav(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((l, i) => bytes.setUint8(at + i, l.charCodeAt(0)));
  text(0, "RIFF"); bytes.setUint32(4, 36 + 2 * samples.length, true); text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE, true); bytes.setUint32(28, 2 * RATE, true);
  bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true);
  text(36, "data"); bytes.setUint32(40, 2 * samples.length, true);
  samples.forEach((x, i) => bytes.setInt16(44 + 2 * i, 32767 * Math.min(1, Math.max(-1, x)), true));
  return bytes.buffer;
}

// ---- memories ----

async function listMemories(chosen = $("memories").value) {
  const all = await (await api("v1/memories")).json();
  const option = ({ name, captions, pasted }) =>
    make("option", { value: name, textContent: pasted ? `${captions} captions of yours (${name.slice(0, 6)})` : `${name} (${captions} captions)` });
  $("memories").replaceChildren($("memories").options[0], ...all.map(option));
  $("memories").value = chosen;
}

async function remember() {
  const captions = $("paste").value.split("\n").filter((line) => line.trim());
  if (!captions.length) throw new Error("Paste at least one caption first, one a line.");
  say("Learning your words …");
  const memory = await (await api("v1/memories", { body: { captions } })).json();
  await listMemories(memory.name);
  lean();
}

/** Tells the shown recording again, in the words of the memory that is chosen. */
function lean() {
  trouble(null);
  if (!clip) return say("Now choose a recording.");
  const of = clip;
  of.error = null;
  told(of, () => analyse(of));
}

async function begin() {
  const [model] = await (await api("v1/models")).json();
  $("model").textContent = `Captions for sounds by ${model.name}, made on this machine: ${model.captions.toLocaleString("en")} captions known.`;
  $("memory").hidden = !model.texts;
  await listMemories();
}

// ---- what people do ----

$("files").onchange = ({ target }) => { take(target.files); target.value = ""; };
$("record").onclick = () => told(null, record);
$("play").onclick = toggle;
$("memories").onchange = lean;
$("remember").onclick = () => told(null, remember);
$("exports").onclick = ({ target }) => target.dataset.format && save(target.dataset.format);
$("token").onsubmit = (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").querySelector("input").value);
  $("token").hidden = true;
  trouble(null);
  told(null, begin);
  if (clip) lean();
};
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") take(event.dataTransfer.files);
  });
}
$("picture").onpointerdown = (event) => {
  const box = $("picture").getBoundingClientRect();
  seek(((event.clientX - box.left) / box.width) * (clip?.duration ?? 0));
};
$("picture").onkeydown = (event) => {
  const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
  if (event.key === " ") toggle();
  else if (event.key === "Home") seek(0);
  else if (event.key === "End") seek(clip?.duration ?? 0);
  else if (step) seek(audio.currentTime + step);
  else return;
  event.preventDefault();
};
audio.onplay = () => { $("play").textContent = "Pause"; tick(); };
audio.onpause = () => { $("play").textContent = "Play"; tick(); };
audio.onerror = () => { if (clip && audio.src) { clip.blind = true; refresh(clip); draw(); } };
$("track").addEventListener("load", () => {
  $("track").track.oncuechange = ({ target }) => {
    $("now").textContent = [...(target.activeCues ?? [])].map((cue) => cue.text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")).join(" ");
  };
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
told(null, begin);
