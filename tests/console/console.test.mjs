// The pages in a real browser: by keyboard alone, at 360 px, without script, checked for accessibility.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { openBrowser, openScene, openWindow } from "./scene.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LANGUAGES = ["en", "ja"];
let scene;
let browser;

before(async () => {
  scene = await openScene();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  if (scene) assert.equal(await scene.close(), 0, "the engine ended as it should");
});

// A tab that remembers what went wrong in it, and where it reached out to.
async function openTab(context) {
  const tab = await context.newPage();
  tab.problems = [];
  tab.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) tab.problems.push(message.text());
  });
  tab.on("pageerror", (error) => tab.problems.push(String(error)));
  tab.on("requestfailed", (request) => tab.problems.push(`failed: ${request.url()}`));
  tab.on("request", (request) => {
    if (!request.url().startsWith(scene.url + "/")) tab.problems.push(`elsewhere: ${request.url()}`);
  });
  return tab;
}

const whose = (name) => (name === "people" ? "admin-1" : "approver-1");
// The page that isn't there is there to be looked at; that it is one is said on the console.
const quiet = (tab, name) => tab.problems.filter((text) => !(name === "missing" && text.includes("404")));

// Tabs at once: while one waits for the engine, the other is looked at.
const LANES = 2;

// Each page in a tab of whoever may see it: one window for each person, whose tabs go from page to page.
async function eachPage(options, look) {
  const pages = [["login", "/login"], ...Object.entries(scene.paths)]
    .map(([name, path]) => ({ name, path, person: name === "login" ? "" : whose(name) }));
  for (const person of new Set(pages.map((page) => page.person))) {
    const context = await openWindow(browser, scene, person, options);
    const left = pages.filter((page) => page.person === person);
    await Promise.all(Array.from({ length: Math.min(LANES, left.length) }, async () => {
      const tab = await openTab(context);
      for (let page = left.shift(); page; page = left.shift()) {
        tab.problems.length = 0;
        await tab.goto(scene.url + page.path);
        await tab.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
        await look(tab, page.name);
        assert.deepEqual(quiet(tab, page.name), [], `${page.name}: nothing went wrong`);
      }
    }));
    await context.close();
  }
}

// No scrolling sideways, however narrow the window is.
async function isNotWide(tab, name) {
  const [content, window] = await tab.evaluate(() =>
    [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= window, `${name} is ${content} px wide, in a window of ${window}`);
}

async function pleasesAxe(tab, name) {
  await tab.evaluate(AXE);
  const found = await tab.evaluate(() => globalThis.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"], // all rules run; of what passes one example is enough
  }));
  assert.ok(found.passes.length > 10, `${name}: axe looked`);
  const lines = found.violations.map((it) => `${name}: ${it.id}: ${it.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(lines, []);
}

// Large enough for a finger: 24 px (WCAG 2.2, 2.5.8); those that act have 44.
async function hasLargeTargets(tab, name) {
  const small = await tab.evaluate(() => [...document.querySelectorAll("button, summary, input, select, textarea")]
    .filter((it) => it.type !== "hidden" && it.getClientRects().length > 0)
    .map((it) => [it.outerHTML.slice(0, 80), it.getBoundingClientRect().height,
      it.matches("button:not(.plain)") ? 44 : it.matches("[type=radio]") ? 18 : 24])
    .filter(([, height, least]) => height < least).map(([html, height]) => `${html}: ${height}`));
  assert.deepEqual(small, [], name);
}

// Every language at every width. What axe sees depends on the theme, on the width and on the words, each of which it is
// shown with each page; it isn't shown all their combinations, since that is most of the time that this takes.
for (const language of LANGUAGES) {
  for (const [width, dark] of [[360, false], [1200, true]]) {
    const forAxe = (language === "en") === (width === 360);
    test(`each page in ${language} at ${width} px, ${dark ? "dark" : "light"}${forAxe ? ", by axe" : ""}`, async () => {
      await eachPage({ language, width, height: 740, dark, bypassCSP: forAxe }, async (tab, name) => {
        await isNotWide(tab, name);
        await hasLargeTargets(tab, name);
        if (forAxe) await pleasesAxe(tab, name);
      });
    });
  }
}

// What has the focus: its text or label.
const focused = (tab) => tab.evaluate(() => {
  const it = document.activeElement;
  return { tag: it.tagName, text: (it.innerText || it.value || it.name || "").trim(), id: it.id,
    ring: getComputedStyle(it).outlineStyle, box: it.getBoundingClientRect().toJSON() };
});

async function tabTo(tab, holds, what) {
  for (let i = 0; i < 80; i += 1) {
    await tab.keyboard.press("Tab");
    const it = await focused(tab);
    if (it.tag !== "BODY") assert.notEqual(it.ring, "none", `${it.tag} ${it.text} shows that it has the focus`);
    if (holds(it)) return it;
  }
  return assert.fail(`no way by keyboard to ${what}`);
}

test("log in and approve by keyboard alone at 360 px", async () => {
  const context = await openWindow(browser, scene, "", { language: "en", width: 360, height: 740 });
  const tab = await openTab(context);
  await tab.goto(scene.url + scene.paths.approval);
  assert.match(tab.url(), /\/login\?then=/);
  await tabTo(tab, (it) => it.id === "tenant", "the tenant");
  await tab.keyboard.type("kita-works");
  await tabTo(tab, (it) => it.id === "name", "the name");
  await tab.keyboard.type("approver-2");
  await tabTo(tab, (it) => it.id === "password", "the password");
  await tab.keyboard.type(scene.password);
  await Promise.all([tab.waitForURL(scene.url + scene.paths.approval), tab.keyboard.press("Enter")]);

  // The first stop leads over the navigation, and from there to the decision.
  await tab.keyboard.press("Tab");
  assert.equal((await focused(tab)).text, "Skip to the content");
  await tab.keyboard.press("Enter");
  await tabTo(tab, (it) => it.text === "Go to the decision", "the decision");
  await tab.keyboard.press("Enter");
  await tabTo(tab, (it) => it.id === "reason", "the reason");
  await tab.keyboard.type("Seen on two hosts");
  const approve = await tabTo(tab, (it) => it.text === "Approve", "the button");
  assert.ok(approve.box.height >= 44 && approve.box.right <= 360);
  await Promise.all([tab.waitForURL(/\?done=approved$/), tab.keyboard.press("Enter")]);
  assert.match(await tab.locator("[role=status]").innerText(), /being carried out/);
  assert.match(await tab.locator("#said + ol").innerText(), /approver-2 approved\s+Seen on two hosts/);
  await tab.reload(); // and a reload decides nothing again
  assert.match(tab.url(), /done=approved/);
  assert.deepEqual(tab.problems, []);
  await context.close();
});

test("everything works with scripts forbidden", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: "ja-JP",
    viewport: { width: 360, height: 740 } });
  await context.addCookies(Object.entries(scene.cookies["approver-1"])
    .map(([name, value]) => ({ name, value, url: scene.url })));
  const tab = await openTab(context);
  await tab.goto(scene.url + scene.paths.range);
  await tab.locator("summary", { hasText: "対象を絞る" }).click();
  await tab.locator("[name='text.ip']").fill("203.0.113.201");
  await tab.locator("[name=expires]").fill("2h");
  await tab.locator("button", { hasText: "この内容で依頼し直す" }).click();
  assert.match(await tab.locator("h1").innerText(), /203\.0\.113\.201 の通信を遮断する/);
  assert.match(await tab.locator("main").innerText(), /その後に対象が絞られたため、現在は無効/);
  await tab.locator("button", { hasText: "承認する" }).click();
  assert.match(await tab.locator("[role=status]").innerText(), /承認/);
  assert.deepEqual(tab.problems, []);
  await context.close();
});

test("another tenant's pages are not there", async () => {
  const context = await openWindow(browser, scene, "other-1");
  const tab = await context.newPage();
  for (const [name, path] of Object.entries(scene.paths)) {
    if (!/\/[a-z]+\/[a-z]{2}-|subject=/.test(path)) continue;
    const answer = await tab.goto(scene.url + path);
    assert.equal(answer.status(), 404, name);
    assert.doesNotMatch(await tab.content(), /kita-works|203\.0\.113|198\.51\.100/);
  }
  await context.close();
});

test("on paper there is what was decided, and nothing to click", async () => {
  const context = await openWindow(browser, scene, "approver-1");
  const tab = await openTab(context);
  await tab.goto(scene.url + scene.paths.decided);
  await tab.emulateMedia({ media: "print" });
  assert.equal(await tab.locator("main form").first().isVisible().catch(() => false), false);
  assert.equal(await tab.locator(".top nav").isVisible(), false);
  assert.equal(await tab.locator("h1").isVisible(), true);
  await context.close();
});
