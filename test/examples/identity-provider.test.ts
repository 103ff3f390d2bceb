/** The tour with a real identity provider, started by its one command, from end to end over HTTP. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import manifest from '../../package.json' with { type: 'json' }
import { Browser } from '../issuers/browser.ts'
import { until } from '../stores/until.ts'

suite('the example with an identity provider', () => {
  test('log in there, call here, log out there, be refused here', async () => {
    const [, , ...args] = manifest.scripts['example:provider'].split(' ')
    const child = spawn(process.execPath, args, {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, PORT: '0', OUTRIGHT_PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const app = await new Promise<string>((resolve, reject) => {
        child.once('exit', () => {
          reject(new Error('it has ended'))
        })
        createInterface({ input: child.stdout }).on('line', (line) => {
          const [, url] = /^open (http:\/\/[\d.:]+)\/$/.exec(line) ?? []
          if (url !== undefined) resolve(url)
        })
      })
      const api = /GET \/orders with the token of your login: <b>(\d+)<\/b>/
      /** Asked again where the lease of the guard has run out, because the machine is busy. */
      const answerTo = async (one: Browser): Promise<string | undefined> => {
        let status: string | undefined
        await until(async () => {
          status = api.exec(await one.read(`${app}/`))?.[1]
          return status !== '503'
        })
        return status
      }
      const browser = new Browser('')
      const page = await browser.logInAt(app, 'maria')
      assert.equal(await answerTo(browser), '200')
      const logout = /href="([^"]+)\/session\/end"/.exec(page)?.[1]
      assert.ok(logout)
      const other = new Browser('')
      await other.logInAt(app, 'ann')
      await browser.logOut(logout)
      assert.equal(await answerTo(browser), '401')
      assert.equal(await answerTo(other), '200')
    } finally {
      child.kill('SIGTERM')
      const [code] = (await once(child, 'exit')) as [number | null]
      assert.equal(code, 0, 'stops in good order')
    }
  })
})
