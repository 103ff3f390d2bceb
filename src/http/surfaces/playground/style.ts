import { styleSheet, type Style } from '../../html.ts'
import { pageCss } from '../../page-style.ts'

/** The look of the playground: green lets in, red refuses, and words say so as well. */
export const playgroundStyle: Style = styleSheet(`${pageCss}
:root { --good: #12703a; --good-soft: #e4f4ea; --bad: #b3261e; --bad-soft: #fbe9e7; --mute: #eef2f8; }
@media (prefers-color-scheme: dark) { :root { --good: #7ad69b; --good-soft: #16311f; --bad: #ff9a92;
  --bad-soft: #3a1a18; --mute: #232c38; } }
main { max-width: 56rem; }
.brand { display: flex; gap: .6rem; align-items: center; margin: 0 0 1.5rem; font-weight: 650; }
.brand a { color: inherit; text-decoration: none; }
.brand span { padding: .05rem .55rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--soft);
  font-size: .8rem; font-weight: 500; }
fieldset { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; border: 0; }
legend { padding: 0; margin-bottom: .5rem; font-weight: 600; }
fieldset label { position: relative; cursor: pointer; }
fieldset input { position: absolute; opacity: 0; inset: 0; margin: 0; cursor: inherit; }
fieldset span { display: block; padding: .4rem .85rem; border: 1px solid var(--line); border-radius: 2rem; font-size: .92rem; }
fieldset input:checked + span { border-color: var(--blue); box-shadow: inset 0 0 0 1px var(--blue); color: var(--blue); font-weight: 600; }
fieldset input:focus-visible + span { outline: 3px solid var(--blue); outline-offset: 2px; }
fieldset[disabled] label { cursor: default; }
fieldset[disabled] input:not(:checked) + span { color: var(--soft); }
#says { margin: .9rem 0 1rem; color: var(--soft); min-height: 1.6em; }
button { padding: .7rem 1.4rem; font: inherit; font-weight: 600; border-radius: .6rem; cursor: pointer;
  color: #fff; background: #1a56c4; border: 1px solid #1a56c4; }
button:hover:not([disabled]) { background: #14449c; }
button:focus-visible, summary:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
button[disabled] { color: var(--soft); background: var(--mute); border-color: var(--line); cursor: default; }
button.quiet { padding: .15rem .7rem; font-size: .85rem; color: var(--blue); background: transparent; border-color: var(--line); }
.buttons { display: flex; gap: .75rem; }
#status { margin: 1.25rem 0; font-weight: 600; min-height: 1.6em; }
[data-tone=good] { color: var(--good); }
[data-tone=bad] { color: var(--bad); }
#apps { display: grid; grid-template-columns: repeat(3, 1fr); gap: .75rem; margin: 0; padding: 0; list-style: none; }
.app { padding: 1rem; border: 1px solid var(--line); border-radius: .8rem; background: var(--card);
  transition: background-color .15s, border-color .15s; min-width: 0; }
.app h2 { margin: 0; font-size: 1.05rem; }
.app p { margin: 0; }
.address, .count { color: var(--soft); font-size: .82rem; font-variant-numeric: tabular-nums; }
.app .verdict { margin: .9rem 0 .5rem; font-weight: 650; line-height: 1.3; color: var(--soft); }
.app[data-verdict=in] { background: var(--good-soft); border-color: var(--good); }
.app[data-verdict=in] .verdict { color: var(--good); }
.app[data-verdict=out] { background: var(--bad-soft); border-color: var(--bad); }
.app[data-verdict=out] .verdict { color: var(--bad); }
.app[data-verdict=unsure], .app[data-verdict=silent] { border-style: dashed; border-color: var(--soft); }
.app:not([data-verdict=none]) :is(.address, .count) { color: var(--ink); }
.strip { display: flex; gap: 2px; height: 1rem; margin-bottom: .4rem; overflow: hidden; justify-content: flex-end; }
.strip i { flex: 0 0 3px; border-radius: 2px; background: var(--soft); }
.strip .in { background: var(--good); }
.strip .out { background: var(--bad); }
#result { margin-top: 1.5rem; padding: 1.25rem; border: 1px solid var(--line); border-radius: .8rem; color: var(--ink); }
#result h2 { margin: 0 0 .75rem; font-size: 1.25rem; }
#result[data-tone=good] h2 { color: var(--good); }
#result[data-tone=bad] h2 { color: var(--bad); }
.label { margin: 0 0 .4rem; color: var(--soft); font-size: .85rem; }
#race { margin: 0 0 1.25rem; padding: 0; list-style: none; }
#race li { display: grid; grid-template-columns: 4.5rem 1fr 10.5rem; gap: .75rem; align-items: center; padding: .3rem 0; }
.track { height: .8rem; border-radius: .4rem; overflow: hidden; background: var(--bad); }
.track span { display: block; height: 100%; min-width: 4px; background: var(--good); border-right: 2px solid var(--card); }
.asked .track { background: var(--mute); }
.asked .track span { background: var(--blue); }
.at { font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1.25rem; margin: 0; font-size: .95rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
#requests { margin: 0; padding: 0; list-style: none; }
#requests li { border-top: 1px solid var(--line); }
summary { display: grid; grid-template-columns: 2.75rem 1fr auto 4.5rem; gap: .75rem; padding: .6rem 0; cursor: pointer;
  align-items: baseline; font-size: .95rem; }
#token { margin: 0 0 1.25rem; }
#token summary { display: list-item; padding: 0; color: var(--soft); overflow-wrap: anywhere; }
#token pre { margin-top: .5rem; max-height: none; }
summary .in { color: var(--good); }
summary .out { color: var(--bad); }
.what { overflow-wrap: anywhere; }
.times, .took { color: var(--soft); font-variant-numeric: tabular-nums; text-align: right; }
details .label { display: flex; gap: .75rem; align-items: center; margin-top: .25rem; }
pre { margin: 0 0 .75rem; padding: .75rem; max-height: 14rem; overflow: auto; background: var(--code); border: 1px solid var(--line);
  border-radius: .6rem; font: .85rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (prefers-reduced-motion) { .app { transition: none; } }
@media (max-width: 40rem) {
  main { padding: 1.25rem 1rem; }
  #apps { grid-template-columns: 1fr; gap: .5rem; }
  .app { display: grid; grid-template-columns: 1fr auto; gap: 0 .75rem; align-items: baseline; padding: .75rem .9rem; }
  .app .verdict { margin: 0; text-align: right; }
  .app .address { grid-column: 1; }
  .app .verdict { grid-row: 1; grid-column: 2; }
  .strip { grid-column: 1 / -1; margin-top: .4rem; }
  .count { grid-column: 1 / -1; }
  .buttons button { flex: 1; }
  #race li { grid-template-columns: 1fr auto; gap: .15rem .5rem; }
  #race .track { grid-column: 1 / -1; grid-row: 2; }
  summary { grid-template-columns: 2.5rem 1fr auto; }
  .times { display: none; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
}
`)
