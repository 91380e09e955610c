// The pictures of README and docs: screenshots in both themes and at a phone's width, and a short capture of a use.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { browse, folder, root, scene, serve } from "./setup.js";

const out = join(root, "docs/page");
mkdirSync(out, { recursive: true });
const [server, browser] = await Promise.all([serve(), browse()]);
const done = (page) => page.waitForFunction(() => document.getElementById("status").textContent === "Done."
  && document.querySelectorAll("#strategies tr").length === 3 && document.querySelectorAll(".sound").length > 0, null, { timeout: 60000 });

for (const [name, colorScheme, width, height] of [["light", "light", 1000, 0], ["dark", "dark", 1000, 0], ["phone", "dark", 390, 844]]) {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: height || 900 }, deviceScaleFactor: 1 });
  await page.goto(server.url);
  await page.setInputFiles("#files", scene());
  await done(page);
  await page.evaluate(() => { document.getElementById("audio").currentTime = 8.2; });
  await page.waitForTimeout(300);
  await page.locator("#picture").press("ArrowLeft");
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
  await page.close();
}

// The capture: a recording is dropped, told, and played.
const page = await browser.newPage({ colorScheme: "light", viewport: { width: 800, height: 720 } });
await page.goto(server.url);
let frame = 0;
const shoot = async (times = 1) => {
  for (let i = 0; i < times; i++) await page.screenshot({ path: join(folder, `frame${String(frame++).padStart(3, "0")}.png`) });
};
await shoot(4);
await page.setInputFiles("#files", scene());
for (let i = 0; i < 6; i++) { await shoot(); await page.waitForTimeout(120); }
await done(page);
await shoot(6);
await page.evaluate(() => document.getElementById("picture").scrollIntoView());
for (let i = 0; i < 28; i++) {
  await page.evaluate((at) => { document.getElementById("audio").currentTime = at; document.getElementById("audio").onpause(); }, i * 0.7);
  await shoot();
}
await shoot(4);
const frames = join(folder, "frame%03d.png");
const palette = "split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none";
const made = spawnSync("ffmpeg", ["-y", "-loglevel", "error", "-framerate", "6", "-i", frames, "-vf", palette, "-loop", "0", join(out, "page.gif")]);
if (made.status !== 0) throw new Error(String(made.stderr));
await browser.close();
await server.stop();
console.log(`pictures in ${out}`);
