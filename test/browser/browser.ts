import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripTypeScriptTypes } from 'node:module'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import axe from 'axe-core'
import {
  chromium,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'

// Before anything starts: pages that are not there would be waited for.
if (!existsSync(new URL('../../packages/console/dist/index.html', import.meta.url))) {
  throw new Error('Build the console first: `npm test <path>` and `npm start` do')
}

/** Debian's Chromium, without anything that calls home. */
const options = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

export interface TestBrowser {
  /** A person of their own: cookies, storage and tabs apart from those of others. */
  person(options?: BrowserContextOptions): Promise<BrowserContext>
  close(): Promise<void>
}

/** For how long anything is waited for: a machine may be busy with much else. */
const PATIENCE_MS = 240_000

/** @param domain Every host below it is this machine. */
export async function openBrowser(domain?: string): Promise<TestBrowser> {
  const hosts = domain === undefined ? [] : [`--host-resolver-rules=MAP *.${domain} 127.0.0.1`]
  const args = [...options.args, ...hosts]
  const browser = await chromium.launch({ ...options, args, timeout: PATIENCE_MS })
  return {
    async person(options) {
      const person = await browser.newContext(options)
      person.setDefaultTimeout(PATIENCE_MS)
      return person
    },
    close: () => browser.close(),
  }
}

const sizes = { desktop: { width: 1100, height: 800 }, phone: { width: 390, height: 800 } }

/** What is left free below the last text or control of the page's card, beside its padding. */
const freeBelow = `(() => {
  const main = document.querySelector('main')
  const ends = [...main.querySelectorAll('*')]
    .filter((one) => one.matches('button, input, a.button') ||
      [...one.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim() !== ''))
    .map((one) => one.getBoundingClientRect().bottom)
  const { paddingBottom, borderBottomWidth } = getComputedStyle(main)
  const { bottom } = main.getBoundingClientRect()
  return Math.round(bottom - parseFloat(paddingBottom) - parseFloat(borderBottomWidth) - Math.max(...ends))
})()`

/**
 * Looks at a page on a desktop and on a phone, by day and by night: nothing is wider than the
 * window, its card ends with what is in it, axe-core finds nothing serious, and a picture is kept
 * under its name.
 */
export async function lookAt(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['light', 'dark'] as const) {
      // Nothing is on its way from one colour to another.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const look = [name, size, ...(colorScheme === 'dark' ? [colorScheme] : [])].join('-')
      const root = 'document.documentElement'
      assert.equal(await page.evaluate(`${root}.scrollWidth - ${root}.clientWidth`), 0, look)
      const free = await page.evaluate<number>(freeBelow)
      assert.ok(free <= 4, `${look}: ${String(free)} pixels are empty at the end`)
      assert.deepEqual(await seriousFindings(page), [], look)
      await picture(page, look)
    }
  }
}

/** Only what is found is gathered: all that was looked at is several times as much work. */
const look = `axe.run(document, { resultTypes: ['violations'] })`

/** What axe-core finds on a page that keeps people from using it. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // Its source is a large part of a megabyte: once a page is enough.
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>(look)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/**
 * Keeps a picture of the whole page, or of the window alone, where a folder for them is named:
 * `TEST_SCREENSHOTS`. Those of the documentation are made by `TEST_SCREENSHOTS=docs/images`.
 */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  const folder = process.env['TEST_SCREENSHOTS']
  if (folder === undefined) return
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage })
}

/** What a browser complains about on a page, from now on. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return complaints
}

/** Where a page comes from, or a server that pages talk to. */
export interface Site {
  readonly url: string
  close(): Promise<void>
}

/** An application of one page, with the browser helper as its module. */
export async function serveSite(page: string): Promise<Site> {
  const source = new URL('../../src/client/browser.ts', import.meta.url)
  const helper = stripTypeScriptTypes(await readFile(source, 'utf8'))
  const server = createServer((request, response) => {
    const isHelper = request.url === '/browser.js'
    response.setHeader('content-type', isHelper ? 'text/javascript' : 'text/html; charset=utf-8')
    if (request.url === '/fails') response.statusCode = 500
    // As docs/guard.md says.
    if (request.url === '/signed-out') {
      response.setHeader('clear-site-data', '"cookies", "storage"')
      response.setHeader('content-type', 'text/plain; charset=utf-8')
      response.end('Signed out.')
      return
    }
    response.end(isHelper ? helper : page)
  })
  return listening(server)
}

/** Opens a port of its own for a server. */
export async function listening(server: Server): Promise<Site> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}
