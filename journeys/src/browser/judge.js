// What can be seen to be wrong with a page; each answers with lines. Runs beside the page's own scripts.
"use strict";
globalThis.judge = (() => {
  const page = document.scrollingElement;
  const say = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 110);
  const isShown = (one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const block = (one) => { while (/^(inline|ruby.*|contents)$/.test(getComputedStyle(one).display)) one = one.parentElement; return one; };
  // Left to the ear alone.
  const isHidden = (one) => one.closest(".hidden, .skip") !== null;
  const kanji = /\p{Script=Han}/u, japanese = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
  const languageOf = (one) => one.closest("[lang]").lang;

  const texts = () => {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode, holder = node.parentElement;
      if (node.data.trim() && isShown(holder) && !isHidden(holder)) found.push({ node, holder });
    }
    return found;
  };

  // Each line of text with its box on the screen.
  const lines = () => texts().flatMap(({ node, holder }) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1).map((box) => ({ node, holder, box }));
  });

  // The page does not scroll sideways, and what is pressed is large enough (WCAG 2.2, 2.5.8).
  const layout = () => {
    const wrong = [];
    if (page.scrollWidth > page.clientWidth) {
      const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > page.clientWidth + 1);
      wrong.push(`scrolls sideways, ${page.scrollWidth} > ${page.clientWidth}: ${wide.slice(-2).map(say).join(" | ")}`);
    }
    for (const one of document.querySelectorAll("button, .button, select, summary, nav a, .menu a, input:not([type=hidden])")) {
      const { width, height } = one.getBoundingClientRect();
      if (width > 0 && (width < 24 || height < 24)) wrong.push(`smaller than 24 px: ${say(one)}`);
    }
    return wrong;
  };

  // No text is cut off, lies over other text, or runs out of its frame.
  const cut = () => {
    const wrong = [], all = lines();
    for (const { node, holder, box } of all) {
      const scrolls = holder.closest(".table, pre");
      if (!scrolls && (box.left < -1 || box.right > page.clientWidth + 1)) wrong.push(`out of view: “${node.data.trim().slice(0, 40)}”`);
      const frame = holder.closest("button, .button, .state, .plastic")?.getBoundingClientRect();
      if (frame && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + box.height / 4 || box.top < frame.top - box.height / 4)) {
        wrong.push(`out of its frame: “${node.data.trim().slice(0, 40)}”`);
      }
    }
    for (const one of document.querySelectorAll("body *")) {
      if (!isShown(one) || isHidden(one) || one.matches("input, select, textarea, progress")) continue;
      const { overflowX, overflowY } = getComputedStyle(one);
      const clips = (way) => way === "hidden" || way === "clip";
      if ((clips(overflowX) && one.scrollWidth > one.clientWidth + 1) || (clips(overflowY) && one.scrollHeight > one.clientHeight + 1)) {
        wrong.push(`cut off: ${say(one)}`);
      }
    }
    // A line's box is higher than its letters are; within one paragraph readings hang over their neighbours.
    const letters = all.map((one) => ({ ...one, of: block(one.holder), top: one.box.top + one.box.height * 0.25, bottom: one.box.bottom - one.box.height * 0.25 }));
    letters.sort((one, other) => one.top - other.top);
    for (const [at, one] of letters.entries()) {
      for (let next = at + 1; next < letters.length && letters[next].top < one.bottom - 1; next += 1) {
        const other = letters[next];
        const shared = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        if (other.of !== one.of && shared > 2) wrong.push(`“${one.node.data.trim().slice(0, 30)}” and “${other.node.data.trim().slice(0, 30)}” overlap`);
      }
    }
    return wrong;
  };

  // What comes later in the page is not shown above or before it (WCAG 2.2, 1.3.2).
  const order = () => {
    const wrong = [];
    let last;
    for (const { node, holder } of texts()) {
      const of = block(holder);
      if (of === last?.of) continue;
      const box = of.getBoundingClientRect();
      if (last && !last.of.contains(of) && !of.contains(last.of)) {
        // The next column begins at the top again.
        const above = box.bottom <= last.box.top + 1 && box.left < last.box.right - 1;
        const beside = box.top < last.box.bottom - 1 && last.box.top < box.bottom - 1 && box.right <= last.box.left + 1;
        if (above || beside) wrong.push(`“${node.data.trim().slice(0, 30)}” is shown before “${last.words}”`);
      }
      last = { of, box, words: node.data.trim().slice(0, 30) };
    }
    return wrong;
  };

  // Where the system forces its colours, what is pressed still has an edge or a line under it.
  const forced = () => {
    const framed = (one) => { const style = getComputedStyle(one); return style.borderBottomStyle !== "none" && parseFloat(style.borderBottomWidth) >= 1; };
    const wrong = [];
    for (const one of document.querySelectorAll("button, .button, select, textarea, input:not([type=hidden], [type=checkbox], [type=radio])")) {
      if (isShown(one) && !framed(one) && !one.closest(".menu")) wrong.push(`without an edge: ${say(one)}`);
    }
    for (const one of document.querySelectorAll("main p a, main li a")) {
      if (isShown(one) && !framed(one) && !one.closest(".menu, nav") && getComputedStyle(one).textDecorationLine === "none") wrong.push(`no link to the eye: ${say(one)}`);
    }
    return wrong;
  };

  // What went wrong is told first in the title, and leads to the field that it is about (WCAG 2.2, 3.3.1).
  const errors = (word) => {
    const faulty = [...document.querySelectorAll("[aria-invalid=true]")], trouble = document.querySelector(".trouble");
    const wrong = (trouble !== null || faulty.length > 0) === document.title.startsWith(word) ? [] : [`the title is “${document.title}”`];
    if (!trouble) return faulty.length ? wrong.concat("nothing tells of the fault") : wrong;
    const places = [...trouble.querySelectorAll("a[href^='#']")].map((link) => document.getElementById(link.hash.slice(1)));
    if (places.includes(null)) wrong.push(`leads nowhere: ${say(trouble)}`);
    return wrong.concat(faulty.filter((one) => !places.some((place) => place?.contains(one))).map((one) => `nothing leads to ${say(one)}`));
  };

  // HELP-2: in easy Japanese each kanji has its reading; where markup cannot go there is none. What bears
  // a language of its own is in it on purpose: another language's name, a document that is signed.
  const bareKanji = () => {
    const own = (one) => one.closest("[lang]") !== document.documentElement;
    const wrong = texts().filter(({ node, holder }) => {
      const ruby = holder.closest("ruby");
      return kanji.test(node.data) && !own(holder) && !ruby?.querySelector("rt")?.textContent;
    }).map(({ node }) => `bare kanji: ${node.data.trim().slice(0, 40)}`);
    for (const one of document.querySelectorAll("*")) {
      for (const name of ["title", "alt", "aria-label", "placeholder", "data-busy", "data-show", "data-met"]) {
        const value = one.getAttribute(name);
        if (value && kanji.test(value) && !own(one)) wrong.push(`bare kanji: ${name}=${value}`);
      }
    }
    if (kanji.test(document.title)) wrong.push(`bare kanji: ${document.title}`);
    return wrong;
  };

  // Words are marked with the language that they are in (WCAG 2.2, 3.1.1, 3.1.2).
  const language = (wanted) => {
    const wrong = document.documentElement.lang === wanted ? [] : [`the page says it is in ${document.documentElement.lang}`];
    if (wanted !== "en") return wrong;
    const foreign = texts().filter(({ node, holder }) => japanese.test(node.data) && languageOf(holder) === "en");
    return wrong.concat(foreign.map(({ node }) => `Japanese that is not marked: ${node.data.trim().slice(0, 40)}`));
  };

  // A word and its reading, as they would be read if both were. Of one letter, it may be how the word ends.
  const doubled = () => [...document.querySelectorAll("ruby")].filter((ruby) => ruby.querySelector("rt")?.textContent.length > 1).map((ruby) => {
    const base = ruby.cloneNode(true);
    base.querySelectorAll("rt, rp").forEach((part) => part.remove());
    return base.textContent + ruby.querySelector("rt").textContent;
  });

  // Bytes of the page, and of all it loads before pictures.
  const weight = () => {
    const bytes = (entries) => entries.reduce((sum, entry) => sum + entry.decodedBodySize, 0);
    const loaded = performance.getEntriesByType("resource").filter(({ name }) => /\.(css|js)$/.test(name));
    return { page: bytes(performance.getEntriesByType("navigation")), all: bytes(performance.getEntriesByType("navigation")) + bytes(loaded) };
  };

  // What has the focus, and what is wrong with how that is shown (WCAG 2.2, 2.4.7, 2.4.11).
  const focus = () => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one), box = one.getBoundingClientRect(), wrong = [];
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) wrong.push(`no ring around ${say(one)}`);
    // In the middle of what the window shows of it.
    const shown = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2;
    const top = document.elementFromPoint(shown(box.left, box.right, innerWidth), shown(box.top, box.bottom, innerHeight));
    if (!top || !(one.contains(top) || top.contains(one) || top.labels)) wrong.push(`hidden while it has the focus: ${say(one)}`);
    const all = [...document.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")];
    // Of several to choose from, Tab stops at one: forward at the first, back at the last.
    const stop = one.type === "radio" ? all.find(({ type, name }) => type === "radio" && name === one.name) : one;
    return { at: all.indexOf(stop), what: say(one), wrong };
  };

  return { layout, cut, order, forced, errors, bareKanji, language, doubled, weight, focus };
})();
0;
