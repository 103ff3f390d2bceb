/** The admin API as the tests of this folder call it. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { startTestServer, type CallOptions, type Reply, type TestServer } from '../harness.ts'

export const ADMIN_TOKEN = 'outright-demo-admin'

export interface Api {
  readonly server: TestServer
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  post(path: string, body?: CallOptions['body'], headers?: Record<string, string>): Promise<Reply>
  patch(path: string, body: CallOptions['body']): Promise<Reply>
  delete(path: string): Promise<Reply>
  /** Logs maria in and gives her access token and its session. */
  login(): Promise<{ readonly token: string; readonly sid: string }>
  /** Whether DirectLink still takes a token. */
  accepts(token: string): Promise<boolean>
}

/** Starts one server for the tests of a file and stops it behind them. */
export function useApi(options?: Parameters<typeof startTestServer>[0]): Api {
  let server: TestServer | undefined
  before(async () => {
    server = await startTestServer(options)
  })
  after(() => server?.close())
  const running = (): TestServer => {
    assert.ok(server)
    return server
  }
  const call = (method: string, path: string, { headers, body }: CallOptions): Promise<Reply> =>
    running().call(method, `/outright/v1${path}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...(headers as Record<string, string>) },
      ...(body === undefined ? {} : { body }),
    })
  return {
    get server() {
      return running()
    },
    get: (path, headers = {}) => call('GET', path, { headers }),
    post: (path, body = {}, headers = {}) => call('POST', path, { headers, body }),
    patch: (path, body = {}) => call('PATCH', path, { body }),
    delete: (path) => call('DELETE', path, {}),
    async login() {
      const basic = Buffer.from('maria:maria-demo').toString('base64')
      const reply = await running().call('POST', '/directlink/v1/auth/login', {
        headers: { authorization: `Basic ${basic}` },
      })
      assert.equal(reply.status, 200)
      const token = (reply.json() as { bearer: string }).bearer
      return { token, sid: claims(token).sid }
    },
    async accepts(token) {
      const reply = await running().call('GET', '/directlink/v1/download/list', {
        headers: { authorization: `Bearer ${token}` },
      })
      return reply.status === 200
    },
  }
}

export interface TestClaims {
  readonly sid: string
  readonly jti: string
}

export function claims(token: string): TestClaims {
  const [, payload = ''] = token.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as TestClaims
}

/** Asserts that an answer is a problem of this type, and gives its complaints by field. */
export function assertProblem(
  reply: Reply,
  status: number,
  slug: string,
): Readonly<Record<string, string>> {
  assert.equal(reply.status, status, reply.text)
  assert.equal(reply.headers['content-type'], 'application/problem+json')
  const problem = reply.json() as {
    type: string
    status: number
    title: string
    errors?: { pointer?: string; parameter?: string; detail: string }[]
  }
  assert.equal(problem.type, `urn:outright:problem:${slug}`)
  assert.equal(problem.status, status)
  assert.ok(problem.title)
  return Object.fromEntries(
    (problem.errors ?? []).map(({ pointer, parameter, detail }) => [pointer ?? parameter, detail]),
  )
}
