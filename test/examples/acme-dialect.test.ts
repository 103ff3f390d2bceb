import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acme } from '../../examples/acme-dialect.ts'
import { startTestServer } from '../harness.ts'

test('a dialect of one file logs in, logs out, and says no in its own words', async () => {
  const server = await startTestServer({ config: { customDialects: [{ dialect: acme }] } })
  try {
    const { text: token } = await server.call('GET', '/acme/hello?name=ada')
    const bye = await server.call('GET', `/acme/bye?token=${token}`)
    assert.deepEqual([bye.status, bye.text], [200, 'bye'])
    assert.match(bye.headers['outright-confirmed'] ?? '', /^1\/1;lapsed=0;ms=\d+$/)
    const again = await server.call('GET', `/acme/bye?token=${token}`)
    assert.deepEqual([again.status, again.text], [401, 'who'])
    assert.equal(again.headers['outright-revocation'], bye.headers['outright-revocation'])
    const nowhere = await server.call('GET', '/acme/nowhere')
    assert.deepEqual([nowhere.status, nowhere.text], [404, 'where'])
    const post = await server.call('POST', '/acme/bye')
    assert.deepEqual([post.status, post.headers['allow']], [405, 'GET'])
  } finally {
    await server.close()
  }
})

test('its options are held against its schema, and its place is its own', async () => {
  const placed = { dialect: acme, prefix: '/inc', options: { farewell: 'cheerio' } }
  const server = await startTestServer({ config: { customDialects: [placed] } })
  try {
    const { text: token } = await server.call('GET', '/inc/acme/hello?name=ada')
    assert.equal((await server.call('GET', `/inc/acme/bye?token=${token}`)).text, 'cheerio')
  } finally {
    await server.close()
  }
  const misspelt = { dialect: acme, options: { farwell: 'cheerio' } }
  await assert.rejects(
    startTestServer({ config: { customDialects: [misspelt] } }),
    /customDialects\[0\]\.options\.farwell is not a setting; did you mean farewell\?/,
  )
})
