/** The doctor against servers, and against proxies that are set up wrongly. */
import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { judgeForwarded } from '../../src/server/doctor/reach.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { finding, findings, outright, withFolder } from './doctor.ts'

interface ProxyFlaws {
  /** Upgrades are answered like any other request. */
  readonly noUpgrades?: boolean
  /** What a client claims is handed on, instead of the address it has. */
  readonly believesClaims?: boolean
  readonly hidesKeys?: boolean
}

/** A reverse proxy, set up well but for what is asked. */
async function startProxy(target: string, flaws: ProxyFlaws): Promise<Server & { url: string }> {
  const { hostname, port } = new URL(target)
  const proxy = createServer((incoming, answer) => {
    if (flaws.hidesKeys && incoming.url?.startsWith('/.well-known/')) {
      answer.writeHead(404).end()
      return
    }
    const claimed = incoming.headers['x-forwarded-for']
    const real = '198.51.100.4'
    const { connection: _connection, upgrade: _upgrade, ...passedOn } = incoming.headers
    const headers = {
      ...passedOn,
      'x-forwarded-for': flaws.believesClaims ? (claimed ?? real) : real,
    }
    const { url = '/', method = 'GET' } = incoming
    const outgoing = httpRequest({ hostname, port, path: url, method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(answer)
    })
    incoming.pipe(outgoing)
  })
  if (!flaws.noUpgrades) {
    proxy.on('upgrade', (incoming, socket) => {
      const target_ = connect(Number(port), hostname, () => {
        const lines = Object.entries(incoming.headers).map(
          ([name, value]) => `${name}: ${String(value)}`,
        )
        target_.write(
          `${incoming.method ?? ''} ${incoming.url ?? ''} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
        )
        target_.pipe(socket).pipe(target_)
      })
      for (const one of [target_, socket]) one.on('error', () => undefined)
    })
  }
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`
  return Object.assign(proxy, { url })
}

const adminToken = 'outright-demo-admin'
let server: TestServer
let folder: string
let stop: () => void
before(async () => {
  server = await startTestServer({ config: { trustedProxies: ['127.0.0.1'] } })
  await new Promise<void>((started) => {
    void withFolder((made) => {
      folder = made
      started()
      return new Promise<void>((resolve) => (stop = resolve))
    })
  })
})
after(async () => {
  stop()
  await server.close()
})

async function through(flaws: ProxyFlaws, options: Parameters<typeof findings>[0] = {}) {
  const proxy = await startProxy(server.url, flaws)
  try {
    const environment = { OUTRIGHT_ISSUER: proxy.url }
    return await findings({ data: folder, environment, server: proxy.url, adminToken, ...options })
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
}

describe('doctor with --server', () => {
  test('a server behind a proxy that is set up well', async () => {
    const all = await through({}, { guardCredential: 'outright-demo-guard' })
    for (const check of ['server.jwks', 'server.ready', 'server.issuer', 'server.feed']) {
      assert.equal(finding(all, check).verdict, 'ok', JSON.stringify(finding(all, check)))
    }
    assert.match(finding(all, 'server.forwarded-for').measured, /the address 198\.51\.100\.4/)
    assert.equal(finding(all, 'server.feed').measured, 'a guard is let in, over a WebSocket')
    assert.equal(
      (await server.call('GET', '/metrics')).text.includes('lapsed_verifiers_total 0'),
      true,
    )
  })

  test('the demo’s credentials are let in', async () => {
    assert.equal(finding(await through({}), 'server.demo-credentials').verdict, 'fail')
  })

  test('a proxy that lets no WebSocket through', async () => {
    assert.equal(finding(await through({ noUpgrades: true }), 'server.feed').verdict, 'fail')
    assert.equal(finding(await through({}), 'server.feed').verdict, 'ok')
  })

  test('a guard credential that is not known', async () => {
    const found = finding(await through({}, { guardCredential: 'no.guard' }), 'server.feed')
    assert.equal(found.verdict, 'fail')
    assert.match(found.measured, /refused/)
  })

  test('a proxy that hands on what callers claim', async () => {
    const believed = finding(await through({ believesClaims: true }), 'server.forwarded-for')
    assert.equal(believed.verdict, 'fail')
    const direct = await findings({ data: folder, server: server.url, adminToken })
    assert.equal(finding(direct, 'server.forwarded-for').verdict, 'warn')
    assert.equal(judgeForwarded('192.0.2.1', '203.0.113.77', ['192.0.2.1']).verdict, 'warn')
    assert.equal(judgeForwarded('192.0.2.1', '203.0.113.77', []).verdict, 'fail')
    assert.equal(judgeForwarded('192.0.2.1', '192.0.2.9', []).verdict, 'warn')
  })

  test('a wrong admin token', async () => {
    const all = await through({}, { adminToken: 'wrong' })
    assert.equal(finding(all, 'server.forwarded-for').verdict, 'warn')
  })

  test('a proxy that hides the keys, and no server at all', async () => {
    assert.equal(finding(await through({ hidesKeys: true }), 'server.jwks').verdict, 'fail')
    const gone = await startProxy(server.url, {})
    await new Promise((resolve) => gone.close(resolve))
    const nobody = await findings({ data: folder, server: gone.url })
    assert.match(finding(nobody, 'server.jwks').measured, /ECONNREFUSED/)
  })

  test('a public URL that leads to another server, or nowhere', async () => {
    const other = await startTestServer()
    const at = (issuer: string) =>
      findings({ data: folder, environment: { OUTRIGHT_ISSUER: issuer }, server: server.url })
    try {
      assert.match(
        finding(await at(other.url), 'server.issuer').measured,
        /leads to another server/,
      )
      assert.equal(finding(await at('http://127.0.0.1:1'), 'server.issuer').verdict, 'fail')
    } finally {
      await other.close()
    }
  })

  test('a server that cannot commit', async () => {
    const broken = await startTestServer()
    await broken.store.close()
    try {
      const all = await findings({ data: folder, server: broken.url })
      assert.equal(finding(all, 'server.ready').verdict, 'fail')
    } finally {
      await broken.close()
    }
  })

  test('from the command line, with the credential in a file', async () => {
    const credential = join(folder, 'credential')
    await writeFile(credential, 'outright-demo-guard\n')
    const flags = ['--data', folder, '--server', server.url, '--guard-credential-file', credential]
    const { out, code } = await outright(['doctor', ...flags])
    assert.equal(code, 1)
    assert.match(out, /^ok +server\.feed +a guard is let in/m)
    assert.equal((await outright(['doctor', '--guard-credential-file', folder])).code, 2)
  })
})
