// Pictures of the pages: node pictures.mjs FOLDER [NAME…]
// For each page PAGE-LANGUAGE-WIDTH.png; with NAMEs (such as approval-ja-360) only those. NAME-view is what a window
// shows of it without scrolling.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser, openScene, openWindow } from "./scene.mjs";

const [folder, ...names] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node pictures.mjs FOLDER [NAME…]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const scene = await openScene();
const browser = await openBrowser();
let count = 0;
try {
  for (const language of ["en", "ja"]) {
    for (const [width, dark] of [[360, false], [1200, false], [1200, true]]) {
      const look = `${language}-${width}${dark ? "-dark" : ""}`;
      const person = (page) => (page === "people" || page === "login" ? "admin-1" : "approver-1");
      const pages = { login: "/login", ...scene.paths };
      for (const [page, path] of Object.entries(pages)) {
        const name = `${page}-${look}`;
        const wanted = [name, `${name}-view`].filter((it) => names.includes(it));
        if (names.length > 0 ? wanted.length === 0 : dark && page !== "approval") continue;
        const context = await openWindow(browser, scene, page === "login" ? "" : person(page),
          { language, width, height: width < 500 ? 740 : 900, dark, scale: width < 500 ? 2 : 1 });
        const tab = await context.newPage();
        await tab.goto(scene.url + path);
        for (const it of wanted.length > 0 ? wanted : [name]) {
          await tab.screenshot({ path: join(folder, `${it}.png`), fullPage: !it.endsWith("-view") });
          count += 1;
        }
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await scene.close();
}
console.log(`${count} pictures in ${folder}`);
