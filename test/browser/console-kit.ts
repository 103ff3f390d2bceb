/** The console in real Chromium, an operator who uses it, and a person whose sessions end there. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Page } from 'playwright-core'
import { DEMO_OPERATOR } from '../../src/http/demo-people.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { openBrowser, seriousFindings } from './browser.ts'

export const views = [
  { name: 'desk', viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const

type View = (typeof views)[number]

/** A browser of the people who are logged in. */
const agent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'

/** What the tests of a file call. */
interface ConsoleCalls {
  readonly server: TestServer
  /** Signs the demo's operator in through the real page. */
  readonly signIn: (view: View, path?: string) => Promise<{ page: Page; complaints: string[] }>
  /** Logs maria in so many times. */
  readonly logIn: (times: number) => Promise<readonly string[]>
  readonly isAccepted: (token: string) => Promise<boolean>
}

/** Starts a server and a browser for the tests that follow, and stops them behind them. */
export async function useConsole(): Promise<ConsoleCalls> {
  const issuer = { name: 'corporate', issuer: 'http://127.0.0.1:1', audience: ['orders'] }
  const config = { issuers: [issuer] }
  const server = await startTestServer({ publicUrlIsOwn: true, oneNode: true, config })
  const browser = await openBrowser()
  after(async () => {
    await browser.close()
    await server.close()
  })

  async function signIn(view: View, path = ''): Promise<{ page: Page; complaints: string[] }> {
    const person = await browser.person({ ...view, locale: 'en-GB' })
    const page = await person.newPage()
    const complaints: string[] = []
    let asked = 0
    page.on('console', (message) => {
      // Whether an operator is signed in is asked once.
      const isFirst = message.text().includes('status of 401') && asked++ === 0
      if (message.type() === 'error' && !isFirst) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(`${server.url}/console/${path}`)
    await page.waitForURL(/\/console\/sign-in\?return=/)
    await page.locator('input[name=name]:focus').waitFor()
    await page.fill('input[name=name]', DEMO_OPERATOR.name)
    await page.fill('input[type=password]', DEMO_OPERATOR.password)
    await page.press('input[type=password]', 'Enter')
    await page.waitForURL(`${server.url}/console/${path}`)
    return { page, complaints }
  }

  async function logIn(times: number): Promise<readonly string[]> {
    const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
    const tokens: string[] = []
    for (let time = 0; time < times; time++) {
      const headers = { authorization, 'user-agent': agent }
      const reply = await server.call('POST', '/directlink/v1/auth/login', { headers })
      tokens.push((reply.json() as { bearer: string }).bearer)
    }
    return tokens
  }

  async function isAccepted(token: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${token}` }
    return (await server.call('GET', '/directlink/v1/download/list', { headers })).status === 200
  }

  return { server, signIn, logIn, isAccepted }
}

/** @throws {AssertionError} Where a person who cannot see or point would be stopped. */
export async function assertAccessible(page: Page): Promise<void> {
  assert.deepEqual(await seriousFindings(page), [], page.url())
}
