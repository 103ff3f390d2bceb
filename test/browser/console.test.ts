/**
 * The console in real Chromium: an operator signs in, finds a person, ends what is open, and sees
 * it confirmed; at the size of a desk and of a phone, by day and by night.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { picture } from './browser.ts'
import { assertAccessible, useConsole, views } from './console-kit.ts'

const { server, signIn, logIn, isAccepted } = await useConsole()

/** The cursor behind the newest report. */
async function olderReports(): Promise<string> {
  const headers = { authorization: 'Bearer outright-demo-admin' }
  const reply = await server.call('GET', '/outright/v1/canary/reports?limit=1', { headers })
  return (reply.json() as { next: string }).next
}

suite('the canary page', () => {
  test('it says how to start one, and then which paths did not refuse', async () => {
    const { page, complaints } = await signIn(views[0], 'canary')
    await page.getByText(`outright canary --server ${server.url}`).waitFor()
    await assertAccessible(page)
    const receipt = { confirmed: true, acknowledged: 1, verifiers: 1, lapsed: 0, elapsedMs: 1 }
    const counts = { kind: 'http', accepted: 3, refused: 2, failed: 0, detail: '' }
    const report = {
      canary: 'eu-west',
      at: '2026-11-29T21:00:00.000Z',
      logoutMs: 20,
      receipt,
      watchMs: 5000,
      probeMs: 20,
    }
    for (const afterAnswerMs of [4987.1, -14.8]) {
      const verdict = afterAnswerMs > 0 ? 'never_refused' : 'refused'
      const times = { afterRequestMs: afterAnswerMs + 20, afterAnswerMs, gapMs: 20.6 }
      const nothing = { afterRequestMs: null, afterAnswerMs: null, gapMs: null }
      const paths = [
        { ...counts, ...times, name: 'shop', verdict },
        { ...counts, ...times, afterAnswerMs: 4987.1, name: 'old', verdict: 'never_refused' },
        { ...counts, ...nothing, name: 'chat', verdict: 'not_measured', detail: 'it answers 502' },
      ]
      const headers = { authorization: 'Bearer outright-demo-admin' }
      const body = { ...report, paths }
      const kept = await server.call('POST', '/outright/v1/canary/reports', { headers, body })
      assert.equal(kept.status, 201)
    }
    await page.reload()
    // The last verdict counts: the shop has been mended since.
    await page.getByText('Never refused a logged-out session: old').waitFor()
    await page.getByText('Not measured: chat').waitFor()
    const shop = page.locator('tr', { hasText: 'shop' })
    assert.equal(await shop.locator('.badge.good').textContent(), 'Refused')
    assert.equal(await shop.locator('circle').count(), 2)
    // Older rounds are on pages of their own.
    await page.goto(`${server.url}/console/canary?cursor=${await olderReports()}`)
    await page.getByRole('link', { name: 'Newest rounds' }).waitFor()
    assert.equal(await page.locator('tr', { hasText: 'shop' }).locator('circle').count(), 1)
    assert.equal(await page.locator('.banner').count(), 0)
    assert.deepEqual(complaints, [])
    await page.context().close()
  })
})

for (const view of views) {
  suite(`the console on a ${view.name}`, () => {
    test('a person is found and everything of theirs ended, with the receipt', async () => {
      const tokens = await logIn(3)
      const { page, complaints } = await signIn(view, 'sessions?subject=maria&live=true')
      await page.getByText('3 sessions').waitFor()
      await assertAccessible(page)
      await picture(page, `console-sessions-${view.name}`, false)
      await page.locator('tbody a').first().click()
      await page.getByRole('link', { name: 'All of this person' }).click()
      await page.getByText('3 live sessions').waitFor()
      await assertAccessible(page)
      await picture(page, `console-end-${view.name}`, false)
      assert.ok(await isAccepted(tokens[0] ?? ''))
      await page.getByRole('button', { name: 'End 3 sessions' }).click()
      await page.getByText('1 of 1 confirmed').waitFor()
      for (const token of tokens) assert.equal(await isAccepted(token), false)
      await assertAccessible(page)
      await picture(page, `console-confirmed-${view.name}`, false)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download receipt' }).click(),
      ])
      const receipt = await readFile(await download.path(), 'utf8')
      assert.match(receipt, /^[\w-]+\.[\w-]+\.[\w-]+$/)
      assert.deepEqual(complaints, [])
      await page.context().close()
    })

    test('every area shows what it is about, and what ends meanwhile', async () => {
      const { page, complaints } = await signIn(view)
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      const body = { scope: 'token', key: `seen-${view.name}` }
      const headers = { authorization: 'Bearer outright-demo-admin' }
      await page.locator('.live.connected').waitFor()
      await server.call('POST', '/outright/v1/revocations', { headers, body })
      await page.getByText(`seen-${view.name}`).waitFor()
      await assertAccessible(page)
      await picture(page, `console-overview-${view.name}`, false)
      for (const [path, shown] of [
        ['verifiers', 'node-1'],
        ['deliveries', 'No deliveries'],
        ['deliveries', 'mvpd:DemoMVPD'],
        ['canary', 'Never refused'],
        ['clients', 'directlink'],
        ['people', 'maria'],
        ['people/maria', 'Live sessions'],
        ['keys', 'ES256'],
        ['issuers', 'corporate'],
        ['sessions?elsewhere=yes&issuer=corporate', 'No session matches'],
        ['audit', `seen-${view.name}`],
        ['end', 'Nothing is ended yet'],
        ['nowhere', 'Not found'],
      ] as const) {
        await page.goto(`${server.url}/console/${path}`)
        const content = page.locator('#content')
        await content.getByText(shown).filter({ visible: true }).first().waitFor()
        await assertAccessible(page)
      }
      assert.deepEqual(complaints, [])
      await page.context().close()
    })
  })
}
