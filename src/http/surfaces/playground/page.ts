import type { Answer } from '../../surface.ts'
import { html, pageAnswer } from '../../html.ts'
import { playgroundStyle } from './style.ts'

/** @param calls Origins that the page may call, beside this server. */
export function playgroundPage(calls: readonly string[]): Answer {
  return pageAnswer(200, {
    title: 'Watch a logout – Outright demo',
    style: playgroundStyle,
    script: { path: '/demo/playground.js', calls },
    body: html`<main>
      <header>
        <p class="brand"><a href="/">Outright</a> <span>demo</span></p>
        <h1>Watch a logout</h1>
        <p class="lead">
          Log in, and three servers let you in. Log out, and all three refuse you, before the logout
          has answered.
        </p>
      </header>
      <noscript>
        <p>This page needs JavaScript. The <a href="/">front page</a> has a line for a terminal.</p>
      </noscript>
      <form id="controls" hidden>
        <fieldset id="tours">
          <legend>Which way in?</legend>
        </fieldset>
        <p id="says"></p>
        <div class="buttons">
          <button type="button" id="login">Log in</button>
          <button type="button" id="logout" disabled>Log out</button>
        </div>
      </form>
      <p id="status" role="status"></p>
      <details id="token" hidden>
        <summary id="token-says"></summary>
        <pre id="token-claims" tabindex="0"></pre>
      </details>
      <ul id="apps" aria-label="Three servers"></ul>
      <section id="result" aria-live="polite" hidden>
        <h2 id="race-title"></h2>
        <p class="label">Time from your click until this page heard of it</p>
        <ol id="race"></ol>
        <dl id="facts"></dl>
      </section>
      <section id="log" hidden>
        <h2>Every request, as it was made</h2>
        <ol id="requests"></ol>
      </section>
    </main>`,
  })
}
