import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripTypeScriptTypes } from 'node:module'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  chromium,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'

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
  /** A person of their own: cookies, storage and tabs apart from everybody else's. */
  person(options?: BrowserContextOptions): Promise<BrowserContext>
  close(): Promise<void>
}

export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch(options)
  return {
    person: (options) => browser.newContext(options),
    close: () => browser.close(),
  }
}

/** Keeps a picture for people to look at, where a folder for them is named. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['OUTRIGHT_SCREENSHOTS']
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) })
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
