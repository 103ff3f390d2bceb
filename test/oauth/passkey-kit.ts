/** What tests of passkeys do in browsers: log in, add one, use it. */
import assert from 'node:assert/strict'
import type { TestServer } from '../harness.ts'
import { Authenticator, type Lies } from './authenticator.ts'
import { Browser, type maria, type Visit } from './relying-parties.ts'

export const passkeysPage = '/devices/passkeys'

/** A login page that has asked for a challenge. */
export interface BegunLogin {
  readonly browser: Browser
  readonly login: Visit
  readonly options: { readonly challenge: string; readonly allowCredentials?: unknown }
}

export interface PasskeyKit {
  readonly at: (path: string) => string
  /** To the page of passkeys, by name and password. */
  readonly logIn: (browser: Browser, who: typeof maria) => Promise<Visit>
  /** What a challenge comes with. */
  readonly optionsOf: (browser: Browser, path: string) => Promise<never>
  /** Adds a passkey in a browser in which a person has just logged in. */
  readonly add: (browser: Browser, shown: Visit, name?: string) => Promise<Authenticator>
  /** Sends a form of the page of passkeys, with its token. */
  readonly send: (
    browser: Browser,
    shown: Visit,
    fields: Readonly<Record<string, string>>,
  ) => Promise<Visit>
  /** The login page of `/devices` in a new browser. */
  readonly begin: () => Promise<BegunLogin>
  readonly useDevice: (device: Authenticator, lies?: Lies, begun?: BegunLogin) => Promise<Visit>
  readonly isLoggedIn: (browser: Browser) => Promise<boolean>
}

/** @param server Called when a test runs: before, there is none. */
export function usePasskeys(server: () => TestServer): PasskeyKit {
  const kit: PasskeyKit = {
    at: (path) => server().dependencies.issuer + path,

    async logIn(browser, who) {
      const login = await browser.open(kit.at(passkeysPage))
      assert.equal(login.url.pathname, '/login')
      return browser.submit(login, { ...who, decision: 'login' })
    },

    async optionsOf(browser, path) {
      const response = await browser.ask(kit.at(path))
      assert.equal(response.status, 200)
      return (await response.json()) as never
    },

    async add(browser, shown, name = 'Phone') {
      const device = new Authenticator(server().dependencies.issuer)
      const passkey = device.create(await kit.optionsOf(browser, `${passkeysPage}/new`))
      const listed = await kit.send(browser, shown, { passkey, name })
      assert.deepEqual([listed.status, listed.url.pathname], [200, passkeysPage])
      return device
    },

    send(browser, { text }, fields) {
      const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? ''
      return browser.open(kit.at(passkeysPage), { token, ...fields })
    },

    async begin() {
      const browser = new Browser()
      const login = await browser.open(kit.at('/devices'))
      return { browser, login, options: await kit.optionsOf(browser, '/login/passkey') }
    },

    async useDevice(device, lies = {}, begun) {
      const { browser, login, options } = begun ?? (await kit.begin())
      return browser.submit(login, { passkey: device.get(options, lies) })
    },

    async isLoggedIn(browser) {
      return (await browser.open(kit.at('/devices'))).url.pathname === '/devices'
    },
  }
  return kit
}
