// The live page: one stream of server-sent events, drawn with plain DOM. Text goes in as text only.
"use strict";

const ROWS_MAX = 60;
const PASSES_MAX = 25;
const STRIP_MAX = 48;
const OLD_MS = 4000;
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en-GB");
const view = { rows: [], strips: new Map(), cards: new Map(), only: "", check: "", held: false, lastSeen: 0, missed: 0 };

/** An element with its attributes and children; strings become text. */
function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (value != null) node.setAttribute(key, value);
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

/** A sign that differs by shape, not by colour alone: tick in a circle, cross in a square, question in a diamond. */
function sign(verdict) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 74 74");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  const shapes = {
    pass: ["M37 3a34 34 0 1 1 0 68a34 34 0 1 1 0-68z", "M22 38l11 11 20-23"],
    fail: ["M12 4h50a8 8 0 0 1 8 8v50a8 8 0 0 1-8 8H12a8 8 0 0 1-8-8V12a8 8 0 0 1 8-8z", "M24 24l26 26M50 24L24 50"],
    inconclusive: ["M37 1l36 36-36 36L1 37z", "M29 29a8 8 0 1 1 11 8c-3 1.4-3 3-3 6M37 53v.2"],
    none: ["M37 3a34 34 0 1 1 0 68a34 34 0 1 1 0-68z", "M24 37h26"],
  }[verdict];
  for (const [i, kind] of ["plate", "sign"].entries()) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", shapes[i]);
    path.setAttribute("class", kind);
    svg.append(path);
  }
  return svg;
}

/** Microseconds in the unit that reads best. */
function micros(us) {
  if (us < 1000) return `${us} µs`;
  if (us < 100000) return `${(us / 1000).toFixed(us < 10000 ? 2 : 1)} ms`;
  return us < 1e6 ? `${Math.round(us / 1000)} ms` : `${(us / 1e6).toFixed(1)} s`;
}

function seconds(s) {
  if (s < 1) return "now";
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  return s < 172800 ? `${(s / 3600).toFixed(1)} h` : `${Math.round(s / 86400)} days`;
}

function bytes(n) {
  if (n < 1e6) return `${Math.round(n / 1000)} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`;
}

function short(v) {
  if (v == null) return "–";
  const size = Math.abs(v);
  return size >= 1000 || (size < 0.01 && size > 0) ? v.toExponential(1) : v.toFixed(size < 10 ? 2 : 1);
}

const clockOf = (at) => {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${time.toLocaleTimeString("en-GB")}.${String(time.getMilliseconds()).padStart(3, "0")}`;
};

// ── Header ─────────────────────────────────────────────────────────────

function drawHeader(status) {
  $("gateway").textContent = status.gateway;
  $("where").textContent = `${status.site} · ${status.version} · up ${seconds(status.uptime_s)}`;
  const bad = status.problems.filter((problem) => problem.severity === "not_ready").length;
  const soft = status.problems.length - bad;
  const [kind, text] = bad > 0 ? ["bad", "not ready"] : soft > 0 ? ["warn", `ready, ${soft} to look at`] : ["ok", "ready"];
  const badge = $("ready");
  badge.className = `badge ${kind}`;
  setText(badge.lastElementChild, text);
  document.title = `${kind === "bad" ? "✕ " : ""}Takt ${status.gateway}`;
  const list = status.problems.map((problem) =>
    el("li", { class: problem.severity === "not_ready" ? "bad" : null }, el("b", null, problem.place), el("span", null, localTimes(problem.why))));
  // Replaced only when it changed, or a screen reader would read it every second.
  const key = status.problems.map((problem) => problem.severity + problem.place + problem.why).join("\n");
  const box = $("problems");
  if (key !== box.dataset.key) {
    box.dataset.key = key;
    box.replaceChildren(el("ul", null, ...list));
    box.hidden = list.length === 0;
  }
}

/** The times in a text as this reader's clock shows them. */
function localTimes(text) {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => new Date(at).toLocaleTimeString("en-GB"));
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// ── Cards ──────────────────────────────────────────────────────────────

function drawLines(status) {
  const checks = status.lines.flatMap((line) => line.checks);
  const wanted = new Set(checks.map(keyOf));
  for (const [key, card] of view.cards) if (!wanted.has(key)) { card.remove(); view.cards.delete(key); }
  const home = $("lines");
  home.querySelector(".empty")?.remove();
  if (checks.length === 0) {
    home.append(el("p", { class: "empty" }, "No line is configured yet. Apply one with ", el("code", null, "takt line apply FILE"), "."));
  }
  for (const check of checks) {
    const key = keyOf(check);
    let card = view.cards.get(key);
    if (!card) {
      card = el("article", { class: "card", "aria-label": `line ${check.line}, check ${check.id}` });
      view.cards.set(key, card);
      home.append(card);
    }
    // A reader who is copying a figure keeps the selection.
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && selection.containsNode(card, true)) continue;
    card.replaceChildren(...cardParts(check));
  }
  drawChoice(checks.map(keyOf));
}

/** The list of checks that the verdicts can be narrowed to. */
function drawChoice(keys) {
  const choice = $("of");
  if (choice.dataset.keys === keys.join()) return;
  choice.dataset.keys = keys.join();
  choice.replaceChildren(el("option", { value: "" }, "every check"), ...keys.map((key) => el("option", { value: key }, key)));
  choice.value = keys.includes(view.check) ? view.check : "";
}

const keyOf = (check) => `${check.line}/${check.id}`;

function cardParts(check) {
  return [
    el("header", null, el("h2", null, check.line, el("span", null, "/"), check.id), el("div", { class: "chips" }, ...chips(check))),
    lastVerdict(check),
    strip(check),
    figures(check),
    latency(check),
    books(check),
    model(check),
    lastFail(check.last_fail),
  ];
}

function chips(check) {
  const all = [];
  if (!check.production.on) all.push(el("span", { class: "chip warn", title: check.production.why }, "not in production"));
  else if (check.production.recipe) all.push(el("span", { class: "chip on" }, check.production.recipe));
  for (const output of check.outputs) {
    const title = output.armed ? `${output.target}, armed by ${output.armed_by}` : `${output.target}: writes are only logged`;
    all.push(el("span", { class: output.armed ? "chip armed" : "chip", title }, `${output.id}: ${output.armed ? "armed" : "dry run"}`));
  }
  return all;
}

function lastVerdict(check) {
  const last = check.last;
  const word = last ? last.verdict : "none";
  const about = last
    ? [last.part == null ? null : `part ${last.part}`, clockOf(last.at), check.quiet_s >= 2 ? `${seconds(check.quiet_s)} ago` : null]
    : [check.production.on ? "no verdict yet" : `not in production: ${check.production.why}`];
  return el("div", { class: `now ${word}` }, sign(word),
    el("div", null,
      el("p", { class: "word" }, last ? last.verdict : "waiting"),
      last && last.reason && el("p", { class: "about" }, last.reason),
      el("p", { class: "about" }, about.filter(Boolean).join(" · "))));
}

function strip(check) {
  const all = view.strips.get(keyOf(check)) || [];
  const fails = all.filter((verdict) => verdict === "fail").length;
  return el("div", { class: "strip", role: "img", "aria-label": `the last ${all.length} verdicts, ${fails} of them fail` },
    ...all.map((verdict) => el("i", { class: verdict })));
}

function figures(check) {
  const counts = check.verdicts;
  const share = counts.total ? `${((100 * counts.fail) / counts.total).toFixed(counts.fail && counts.fail / counts.total < 0.1 ? 2 : 1)} %` : "–";
  const reasons = Object.entries(counts.reasons).map(([reason, n]) => `${reason} ${number.format(n)}`).join(", ");
  const cell = (name, value, more, title) => el("div", { title }, el("dt", null, name), el("dd", null, value, more ? el("small", null, ` ${more}`) : null));
  return el("dl", { class: "figures" },
    cell("pass", number.format(counts.pass)),
    cell("fail", number.format(counts.fail), share),
    cell("inconclusive", number.format(counts.inconclusive), null, reasons || null),
    cell("rate", check.rate_per_s.toFixed(check.rate_per_s < 10 ? 1 : 0), "/s"));
}

function latency(check) {
  const total = check.latency_us.total;
  const write = check.latency_us.write;
  const deadline = check.deadline_us;
  // The deadline ends with the write's confirmation, so the bars hold both.
  const sum = (q) => total[q] + (write.n ? write[q] : 0);
  const worst = Math.max(sum("max"), 1);
  const scale = Math.max(deadline, worst);
  const parts = ["queue", "features", "inference", "write"].filter((stage) => check.latency_us[stage].n)
    .map((stage) => `${stage} ${micros(check.latency_us[stage].p50)} / ${micros(check.latency_us[stage].p99)}`).join(" · ");
  const gauge = el("div", { class: worst > deadline ? "gauge over" : "gauge", role: "img", "aria-label": `p99 ${micros(sum("p99"))} of ${micros(deadline)} allowed` });
  for (const q of ["max", "p99", "p50"]) {
    const bar = el("i", { class: q });
    bar.style.width = `${Math.max(total.n ? 0.6 : 0, (100 * sum(q)) / scale)}%`;
    gauge.append(bar);
  }
  const figure = (name, us) => el("span", null, `${name} `, el("b", null, total.n ? micros(us) : "–"));
  return el("div", { class: "row", title: parts ? `p50 / p99: ${parts}` : null },
    el("div", { class: "row-head" }, el("h3", null, "Latency"), el("h3", null, `deadline ${micros(deadline)}`)),
    gauge,
    el("div", { class: "latency" }, figure("p50", total.p50), figure("p99", total.p99), figure("max", total.max),
      write.n ? el("span", null, "write p99 ", el("b", null, micros(write.p99))) : null));
}

function books(check) {
  const b = check.books;
  const reasons = Object.entries(b.reasons).map(([reason, n]) => `${number.format(n)} ${reason.replaceAll("_", " ")}`).join(", ");
  const n = (v) => el("b", null, number.format(v));
  return el("div", { class: "row" },
    el("div", { class: "row-head" }, el("h3", null, "Books, in frames"),
      el("span", { class: b.close ? "closes" : "closes not" }, b.close ? "✓ closes" : "✕ does not close")),
    el("p", { class: "sum" }, n(b.received), " received = ", n(b.judged), " judged + ", n(b.dropped), " dropped + ", n(b.waiting), " waiting",
      reasons ? el("span", { class: "why" }, ` (dropped: ${reasons})`) : null));
}

function model(check) {
  const list = el("dl", { class: "pairs" });
  const pair = (name, ...value) => list.append(el("dt", null, name), el("dd", null, ...value));
  for (const one of check.models) {
    if (one.model) {
      pair("model", `${one.model.name} ${one.model.version}`, el("span", { class: "sub" }, ` on ${one.device_used}`),
        one.fallback ? el("span", { class: "chip warn", title: one.fallback }, `asked for ${one.device_asked}`) : null);
    } else {
      pair("model", `${one.name}: ${one.standing}`, el("span", { class: "sub bad" }, ` ${one.why || ""}`));
    }
  }
  if (check.refused) pair("refused", `${check.refused.model}: ${check.refused.why}`);
  for (const output of check.outputs) {
    const last = output.last;
    pair("output", `${output.id} → ${output.target}`, last
      ? el("span", { class: last.outcome === "confirmed" ? "sub" : "sub bad" }, ` ${last.value} ${last.outcome.replaceAll("_", " ")}${last.why ? `: ${last.why}` : ""} in ${micros(last.took_us)}`)
      : el("span", { class: "sub" }, " nothing written yet"));
  }
  pair("window", check.window);
  return el("div", { class: "row" }, list);
}

function lastFail(fail) {
  if (!fail) return el("div", { class: "row" }, el("h3", null, "No fail since the start"));
  const top = fail.contributions.slice(0, 4);
  const most = Math.max(...top.map((c) => c.share || 0), 1e-9);
  const shares = el("div", { class: "shares" });
  for (const c of top) {
    const bar = el("i");
    bar.style.width = `${(100 * (c.share || 0)) / most}%`;
    shares.append(el("span", { title: c.tag }, c.tag), el("div", { class: "bar" }, bar), el("span", { class: "num" }, `${Math.round(100 * (c.share || 0))} %`));
  }
  const part = fail.part == null ? "" : `, part ${fail.part}`;
  return el("div", { class: "row" },
    el("div", { class: "row-head" }, el("h3", null, "Made the last fail"), el("h3", null, `${clockOf(fail.at)}${part}`)),
    top.length ? shares : el("p", { class: "quiet" }, "the model names no tags"));
}

// ── Verdicts ───────────────────────────────────────────────────────────

function takeVerdicts(batch) {
  for (const verdict of batch.verdicts) {
    const key = keyOf({ line: verdict.line, id: verdict.check });
    const known = view.rows.some((row) => row.check === verdict.check && row.line === verdict.line && row.seq === verdict.seq && row.epoch === verdict.epoch);
    if (known) continue;
    const strip = view.strips.get(key) || [];
    strip.push(verdict.verdict);
    if (strip.length > STRIP_MAX) strip.shift();
    view.strips.set(key, strip);
    view.rows.unshift(verdict);
    speak(verdict);
  }
  // Fails and inconclusive verdicts stay longer than passes, or a fast line would wash them away.
  const passes = new Map();
  view.rows = view.rows.filter((row) => {
    const key = row.verdict === "pass" ? keyOf({ line: row.line, id: row.check }) : "other";
    passes.set(key, (passes.get(key) || 0) + 1);
    return passes.get(key) <= (key === "other" ? ROWS_MAX : PASSES_MAX);
  });
  view.missed += batch.n_missed;
  if (!view.held) drawVerdicts();
}

function drawVerdicts() {
  const body = $("verdicts").tBodies[0];
  const shown = view.rows.filter((row) => (!view.only || row.verdict === view.only) && (!view.check || keyOf({ line: row.line, id: row.check }) === view.check));
  const old = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  const rows = shown.map((verdict) => {
    const key = `${verdict.line}/${verdict.check}/${verdict.epoch}/${verdict.seq}`;
    return old.get(key) || verdictRow(verdict, key);
  });
  if (rows.length === 0) rows.push(el("tr", null, el("td", { colspan: 6, class: "quiet" }, view.only ? `no verdict was ${view.only} lately` : "no verdict yet")));
  body.replaceChildren(...rows);
  setText($("missed"), view.missed ? `${number.format(view.missed)} verdicts came too fast for this page; all of them are counted, kept and published.` : "");
}

function verdictRow(verdict, key) {
  const what = el("span", { class: `what ${verdict.verdict}` }, sign(verdict.verdict), verdict.verdict);
  const scores = Object.entries(verdict.scores).map(([name, score]) => scoreBar(name, score));
  const row = el("tr", null,
    el("td", null, what),
    el("td", { class: "time" }, clockOf(verdict.at)),
    el("td", { class: "check" }, `${verdict.line}/${verdict.check}`),
    el("td", { class: "part" }, verdict.part == null ? "" : String(verdict.part)),
    el("td", { class: "wide" }, ...(verdict.reason ? [el("span", { class: "sub" }, verdict.reason)] : scores)),
    el("td", { class: "num" }, micros(verdict.latency_us.total)));
  row.dataset.key = key;
  return row;
}

/** A score from 0 to twice its limit; the limit stands in the middle. */
function scoreBar(name, score) {
  const ratio = score.value == null || !score.limit ? null : score.value / score.limit;
  const bar = el("i");
  bar.style.width = `${Math.min(100, 50 * Math.max(0, ratio ?? 0))}%`;
  return el("div", { class: ratio > 1 ? "score over" : "score" }, el("span", null, name), el("div", { class: "bar" }, bar, el("b")),
    el("span", null, `${short(score.value)} / ${short(score.limit)}`));
}

/** Says a fail aloud, at most one every three seconds. */
function speak(verdict) {
  if (verdict.verdict !== "fail" || performance.now() - (speak.last || -3000) < 3000) return;
  speak.last = performance.now();
  $("spoken").textContent = `${verdict.line} ${verdict.check}: fail${verdict.part == null ? "" : `, part ${verdict.part}`}`;
}

// ── Side ───────────────────────────────────────────────────────────────

function drawConnections(status) {
  const items = status.connections.map((c) => el("li", null,
    el("div", { class: "head" }, el("b", null, c.id), el("span", { class: `link ${c.link}` }, el("i"), `${c.link.replace("_", " ")} ${seconds(c.since_s)}`)),
    el("p", { class: "sub" }, `${c.kind} · ${c.address}`),
    c.why && el("p", { class: "sub bad" }, c.why + (c.retry_ms ? `, next try after ${micros(c.retry_ms * 1000)}` : "")),
    el("p", { class: "sub" }, [`${number.format(c.n_messages)} messages`,
      c.n_rejects ? `${number.format(c.n_rejects)} unreadable` : null,
      c.n_duplicates ? `${number.format(c.n_duplicates)} duplicates` : null,
      c.n_not_durable ? `${number.format(c.n_not_durable)} not durable` : null,
      c.units_aside.length ? `units set aside: ${c.units_aside.join(", ")}` : null,
      c.last_arrival_ms == null ? "nothing came yet" : c.last_arrival_ms < 2000 ? null : `last ${seconds(c.last_arrival_ms / 1000)} ago`,
    ].filter(Boolean).join(" · "))));
  $("connections").replaceChildren(...(items.length ? items : [el("li", { class: "quiet" }, "none is configured")]));
  const rejects = status.connections.flatMap((c) => c.rejects.map((reject) => ({ ...reject, connection: c.id })))
    .sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 5);
  const list = rejects.map((reject) => el("li", null,
    el("b", null, reject.from), el("span", { class: "sub" }, ` ${reject.connection} · ${clockOf(reject.at)} · ${reject.n_bytes} bytes`),
    el("code", { class: "bytes" }, reject.first_bytes + (reject.n_bytes > 64 ? " …" : "")),
    el("p", { class: "sub" }, reject.why)));
  $("rejects").replaceChildren(...(list.length ? list : [el("li", { class: "quiet" }, "everything so far could be read")]));
}

function drawBox(status) {
  const list = [];
  const pair = (name, value) => list.push(el("dt", null, name), el("dd", null, value));
  pair("runtime", status.runtime);
  pair("store", status.store.standing + (status.store.n_bytes == null ? "" : `, ${bytes(status.store.n_bytes)} of ${bytes(status.store.n_bytes_max)}`));
  for (const queue of status.queues) pair(`queue ${queue.name}`, `${queue.n_waiting} of ${queue.n_max}${queue.n_full ? `, ${number.format(queue.n_full)} times full` : ""}`);
  if (status.n_not_durable) pair("not durable", number.format(status.n_not_durable));
  pair("clock jumps", status.clock.n_jumps ? `${status.clock.n_jumps}, last ${status.clock.jump_ms_last} ms` : "none");
  $("box").replaceChildren(...list);
}

async function drawLeaving() {
  const answer = await fetch("/api/v1/egress").catch(() => null);
  if (!answer?.ok) return;
  const { ways } = await answer.json();
  const sum = (way, of) => number.format(way.counts.reduce((n, count) => n + count[of], 0));
  const num = (text) => el("td", { class: "num" }, text);
  const rows = ways.map((way) => el("tr", null, el("td", null, way.way), el("td", null, way.reach),
    num(sum(way, "passed")), num(sum(way, "withheld")), num(number.format(way.raw_beyond_site))));
  const none = el("tr", null, el("td", { class: "quiet", colspan: "5" }, "no way out is configured"));
  $("leaving").tBodies[0].replaceChildren(...(rows.length ? rows : [none]));
}

// ── Stream ─────────────────────────────────────────────────────────────

function drawFeed() {
  const quiet = performance.now() - view.lastSeen;
  const old = view.lastSeen === 0 ? performance.now() > OLD_MS : quiet > OLD_MS;
  document.body.classList.toggle("old", old && view.lastSeen > 0);
  const feed = $("feed");
  feed.className = old ? "feed old" : "feed";
  setText(feed, !old ? (view.lastSeen ? "live" : "") : view.lastSeen ? `values are ${seconds(quiet / 1000)} old; reconnecting` : "the gateway does not answer; trying again");
  if (old) {
    $("ready").className = "badge wait";
    setText($("ready").lastElementChild, "unknown");
  }
}

function connect() {
  const source = new EventSource("/api/v1/stream");
  source.addEventListener("status", (event) => {
    view.lastSeen = performance.now();
    const status = JSON.parse(event.data);
    drawHeader(status);
    drawLines(status);
    drawConnections(status);
    drawBox(status);
    drawFeed();
  });
  source.addEventListener("verdicts", (event) => {
    view.lastSeen = performance.now();
    takeVerdicts(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    drawFeed();
    // The browser tries again by itself, except after an answer that was no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  });
}

for (const button of document.querySelectorAll("[data-only]")) {
  button.addEventListener("click", () => {
    view.only = button.dataset.only;
    for (const other of document.querySelectorAll("[data-only]")) other.setAttribute("aria-pressed", String(other === button));
    drawVerdicts();
  });
}
$("of").addEventListener("change", () => {
  view.check = $("of").value;
  drawVerdicts();
});
$("hold").addEventListener("click", () => {
  view.held = !view.held;
  $("hold").setAttribute("aria-pressed", String(view.held));
  if (!view.held) drawVerdicts();
});
setInterval(drawFeed, 1000);
setInterval(drawLeaving, 5000);
drawLeaving();
connect();
