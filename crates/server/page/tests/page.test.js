// The page as people use it, in headless Chromium: upload, play, edit, save, record, own words, errors, keyboard alone.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browse, dog, folder, scene, serve } from "./setup.js";

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([serve(), browse()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A fresh page; what its scripts complain of, and what it asks others for, is collected. */
async function open(url = server.url, options = {}) {
  const page = await browser.newPage(options);
  page.complaints = [];
  page.on("console", (m) => m.type() === "error" && !/status of 4\d\d/.test(m.text()) && page.complaints.push(m.text()));
  page.on("pageerror", (e) => page.complaints.push(e.message));
  page.on("request", (r) => !/^(blob|data):/.test(r.url()) && !r.url().startsWith(url) && page.complaints.push(r.url()));
  await page.goto(url);
  return page;
}

const done = (page) => page.waitForFunction(() => document.getElementById("status").textContent === "Done."
  && document.querySelectorAll("#strategies tr").length === 3 && document.querySelectorAll(".sound").length > 0, null, { timeout: 60000 });

test("a recording is shown, told, played, edited and saved", async () => {
  const page = await open();
  await page.setInputFiles("#files", scene());
  await done(page);
  assert.match(await page.textContent("#caption"), /\w+ \w+.*\./);
  const segments = await page.locator("#segments li").count();
  assert.ok(segments >= 3, `${segments} segments`);
  const texts = await page.locator("#segments textarea").evaluateAll((all) => all.map((i) => i.value).join(" "));
  for (const word of [/dog/i, /rooster|crow/i, /rain/i]) assert.match(texts, word);
  // Both pictures have more than one colour.
  for (const id of ["wave", "mel"]) {
    const colours = await page.evaluate((id) => {
      const canvas = document.getElementById(id);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }, id);
    assert.ok(colours > 1, `${id}: ${colours} colours`);
  }
  assert.deepEqual(await page.locator("#strategies th").allTextContents(), ["direct", "nearest", "projection"]);
  assert.equal(await page.locator("#neighbours li").count(), 5);

  // A segment plays to its end and no further; the player's own parser of WebVTT tells which caption is due.
  const second = page.locator("#segments li").nth(1);
  await second.locator("button").click();
  await page.waitForFunction(() => !document.getElementById("audio").paused);
  await page.waitForFunction(() => document.getElementById("now").textContent !== "");
  assert.equal(await page.textContent("#now"), await second.locator("textarea").inputValue());
  const end = await page.evaluate(() => {
    const [, minutes, seconds] = document.querySelectorAll("#segments li")[1].textContent.match(/– (\d+):([\d.]+)/);
    return 60 * minutes + +seconds;
  });
  await page.waitForFunction(() => document.getElementById("audio").paused, null, { timeout: 30000 });
  const at = await page.evaluate(() => document.getElementById("audio").currentTime);
  assert.ok(Math.abs(at - end) < 0.5, `stopped at ${at}, not ${end}`);

  await second.locator("textarea").fill("My \"own\", <new> words");
  const saved = {};
  for (const format of ["srt", "vtt", "csv", "json"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-format=${format}]`)]);
    assert.equal(download.suggestedFilename(), `a day at home.${format}`);
    saved[format] = readFileSync(await download.path(), "utf8");
  }
  assert.match(saved.srt, /^1\n00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}\n/);
  assert.ok(saved.srt.includes('My "own", <new> words'));
  assert.ok(saved.vtt.startsWith("WEBVTT\n\n00:") && saved.vtt.includes("&lt;new&gt;"));
  assert.ok(saved.csv.includes('"My ""own"", <new> words"'));
  assert.equal(JSON.parse(saved.json).segments[1].caption, 'My "own", <new> words');
  assert.deepEqual(page.complaints, []);
});

test("the microphone is recorded and told", async () => {
  const page = await open();
  await page.click("#record");
  await page.waitForSelector("#record[aria-pressed=true]");
  await page.waitForTimeout(3500);
  await page.click("#record");
  await done(page);
  assert.equal(await page.textContent("#name"), "microphone 1.wav");
  assert.match(await page.textContent("#caption"), /dog/i);
  assert.deepEqual(page.complaints, []);
});

test("own captions change the words", async () => {
  const page = await open();
  await page.setInputFiles("#files", dog);
  await done(page);
  await page.click("summary");
  await page.click("#remember");
  assert.match(await page.textContent("#trouble"), /at least one caption/);
  await page.fill("#paste", "a puppy yaps and growls\nrain falls\na church bell rings");
  await page.click("#remember");
  await page.waitForFunction(() => document.getElementById("neighbours").textContent.includes("puppy"));
  await done(page);
  assert.match(await page.locator("#neighbours li").first().textContent(), /a puppy yaps and growls/);
  assert.match(await page.locator("#memories option:checked").textContent(), /3 captions of yours/);
  await page.selectOption("#memories", "");
  await page.waitForFunction(() => !document.getElementById("neighbours").textContent.includes("puppy"));
  assert.deepEqual(page.complaints, []);
});

test("errors are sentences, and spoil nothing else", async () => {
  const page = await open();
  const text = join(folder, "notes.wav");
  writeFileSync(text, "these are no samples at all");
  await page.setInputFiles("#files", [text, dog]);
  await page.waitForFunction(() => !document.getElementById("trouble").hidden);
  assert.match(await page.textContent("#trouble"), /notes\.wav: is text, not a recording.*[.)]$/);
  await page.click("#clips button:nth-child(2)");
  await done(page);
  assert.match(await page.textContent("#caption"), /dog/i);
  assert.ok(!(await page.isVisible("#trouble")));

  await page.route("**/v1/**", (route) => route.abort());
  await page.setInputFiles("#files", dog);
  await page.waitForFunction(() => /cannot be reached/.test(document.getElementById("trouble").textContent));
});

test("a microphone that is refused is told of", async () => {
  const page = await open();
  await page.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error("no")); });
  await page.click("#record");
  await page.waitForFunction(() => /microphone cannot be used/.test(document.getElementById("trouble").textContent));
});

test("a token is asked for, once", async () => {
  const guarded = await serve("--token", "sesame");
  try {
    const page = await open(guarded.url);
    await page.waitForSelector("#token:not([hidden])");
    await page.fill("#token input", "sesame");
    await page.press("#token input", "Enter");
    await page.waitForFunction(() => /captions known/.test(document.getElementById("model").textContent));
    await page.setInputFiles("#files", dog);
    await done(page);
    assert.match(await page.textContent("#caption"), /dog/i);
  } finally {
    await guarded.stop();
  }
});

test("everything is reached by keyboard", async () => {
  const page = await open();
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
  const until = async (wanted) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((w) => document.activeElement.matches(w), wanted)) return;
    }
    assert.fail(`${wanted} is never focused; now ${await focused()}`);
  };
  await until("#files");
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Space")]);
  await chooser.setFiles(scene());
  await done(page);
  await until("#picture");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getAttribute("#picture", "aria-valuenow"), "2.0");
  await page.keyboard.press("Space");
  await page.waitForFunction(() => !document.getElementById("audio").paused);
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.getElementById("audio").paused);
  await page.keyboard.press("Home");
  assert.equal(await page.getAttribute("#picture", "aria-valuenow"), "0.0");
  await until("#segments textarea");
  await page.keyboard.press("End");
  await page.keyboard.type(" Indeed");
  assert.match(await page.locator("#segments textarea").first().inputValue(), / Indeed$/);
  await until("[data-format=srt]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.match(readFileSync(await download.path(), "utf8"), / Indeed\n/);
  await until("#memories");
  await until("summary");
  await page.keyboard.press("Enter");
  await until("#paste");
  assert.deepEqual(page.complaints, []);
});

test("every control has a name, and nothing is wider than a phone, in both themes", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(server.url, { colorScheme, viewport: { width: 390, height: 844 } });
    await page.setInputFiles("#files", scene());
    await done(page);
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, textarea, [role=slider]")]
      .filter((e) => e.checkVisibility())
      .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML));
    assert.deepEqual(nameless, []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${wide} px wide`);
    // Text stands out from its ground (WCAG AA: 4.5 to 1).
    const faint = await page.evaluate(() => {
      const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
      const light = ([r, g, b]) => [r, g, b].map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
      const ground = (e) => {
        for (; e; e = e.parentElement) {
          const colour = channels(getComputedStyle(e).backgroundColor);
          if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
      };
      return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
        .map((e) => { const [a, b] = [light(channels(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x); return [(a + 0.05) / (b + 0.05), e.outerHTML.slice(0, 80)]; })
        .filter(([contrast]) => contrast < 4.5);
    });
    assert.deepEqual(faint, []);
    await page.close();
  }
});
