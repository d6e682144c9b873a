// Shared by the tests and the pictures: the made-up engine, and a browser.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
// Nothing that Chromium would do for itself on the network.
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
  "--force-color-profile=srgb", "--font-render-hinting=none"];

export async function openScene() {
  const file = fileURLToPath(new URL("scene.py", import.meta.url));
  const child = spawn("/usr/bin/python3", [file], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const first = new Promise((resolve) => lines.once("line", resolve));
  const line = await Promise.race([first, ended.then((code) => {
    throw new Error(`the scene ended with ${code}`);
  })]);
  return {
    ...JSON.parse(line),
    async close() {
      child.stdin.end();
      return ended;
    },
  };
}

export async function openBrowser() {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}`);
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

// A window of one person, logged in; person "" is nobody.
export async function openWindow(browser, scene, person, { language = "en", width = 1200, height = 900, dark = false,
  scale = 1, bypassCSP = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, locale: language === "ja" ? "ja-JP" : "en-GB", javaScriptEnabled: true,
    colorScheme: dark ? "dark" : "light", deviceScaleFactor: scale, bypassCSP,
    timezoneId: "Asia/Tokyo", reducedMotion: "reduce",
  });
  const cookies = Object.entries(person ? scene.cookies[person] : {})
    .map(([name, value]) => ({ name, value, url: scene.url }));
  await context.addCookies(cookies);
  return context;
}
