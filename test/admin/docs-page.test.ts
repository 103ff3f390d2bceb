/** The readable page of the API in real Chromium: it works under its own content security policy. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openBrowser, type TestBrowser } from '../browser/browser.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { ADMIN_TOKEN } from './api.ts'

let server: TestServer
let browser: TestBrowser
before(async () => {
  server = await startTestServer({ publicUrlIsOwn: true })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await server.close()
})

for (const host of ['127.0.0.1', 'localhost']) {
  test(`the page under ${host} shows every route, calls this server, and no other`, () =>
    showsAndCalls(server.url.replace('127.0.0.1', host)))
}

async function showsAndCalls(origin: string): Promise<void> {
  const person = await browser.person()
  const page = await person.newPage()
  const complaints: string[] = []
  const elsewhere: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !url.startsWith('data:')) elsewhere.push(url)
  })
  await page.goto(`${origin}/docs`)
  await page.getByText('Log a person out').waitFor()
  assert.equal(await page.title(), 'Outright API')
  await page.locator('.opblock-tag').first().waitFor()
  const tags = await page.locator('.opblock-tag').allInnerTexts()
  for (const tag of ['DirectLink', 'Matar', 'Octopus', 'Adobe Pass', 'Baanx', 'Revocations']) {
    assert.ok(
      tags.some((text) => text.startsWith(tag)),
      `${tag} in ${tags.join()}`,
    )
  }

  await page.locator('.authorize').first().click()
  const dialog = page.locator('.modal-ux')
  const scheme = dialog.locator('.auth-container', { hasText: 'adminToken' })
  await scheme.locator('input').fill(ADMIN_TOKEN)
  await scheme.getByRole('button', { name: 'Apply credentials' }).click()
  await dialog.locator('.close-modal').click()

  await page.locator('#operations-tag-Verifiers').click()
  const operation = page.locator('#operations-Verifiers-listVerifiers')
  await operation.locator('.opblock-summary-control').click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  await operation.getByRole('button', { name: 'Execute' }).click()
  const answer = operation.locator('.live-responses-table .response').first()
  await answer.waitFor()
  assert.match(await answer.innerText(), /^200/)
  const folder = process.env['TEST_SCREENSHOTS']
  if (folder !== undefined)
    await page.screenshot({ path: join(folder, 'docs.png'), fullPage: true })
  assert.deepEqual(complaints, [])
  assert.deepEqual(elsewhere, [])
  await person.close()
}
