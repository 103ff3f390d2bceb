/** Every route of the admin API has a role, and a caller with less is refused. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { roles, type Role } from '../../src/domain/operator.ts'
import type { Reply } from '../harness.ts'
import { assertProblem, useApi } from './api.ts'
import { signInAs, type OperatorBrowser } from './operators.ts'

suite('roles in the admin API', () => {
  const api = useApi({ publicUrlIsOwn: true })
  const browsers = new Map<Role, OperatorBrowser>()
  const as = async (role: Role): Promise<OperatorBrowser> => {
    const known = browsers.get(role) ?? (await signInAs(api.server, `roles-${role}`, role))
    browsers.set(role, known)
    return known
  }

  const declared = () =>
    api.server.mounts
      .filter(({ module }) => module.name === 'admin')
      .flatMap(({ surface }) => surface.routes)
      .map(({ method, path, operation }) => {
        const security = operation['security'] as readonly Record<string, readonly string[]>[]
        const named = security.flatMap((one) => one['operatorSession'] ?? [])
        return { method, path: path.replaceAll(/:\w+/g, 'unknown'), named }
      })

  test('each declares one role, and the document says so', async () => {
    assert.ok(declared().length >= 35, String(declared().length))
    for (const { method, path, named } of declared()) {
      assert.equal(named.length, 1, `${method} ${path}`)
      assert.ok(roles.includes(named[0] as Role), `${method} ${path}`)
      // A viewer changes nothing.
      if (named[0] === 'viewer') assert.equal(method, 'GET', path)
    }
    const document = (await api.server.call('GET', '/outright/v1/openapi.json')).json()
    const { security } = document.paths['/outright/v1/keys/rotate'].post
    assert.deepEqual(security, [{ adminToken: [] }, { operatorSession: ['admin'] }])
  })

  test('too little is 403 with the role that is needed, before anything of the request is read', async () => {
    let refusals = 0
    for (const { method, path, named } of declared()) {
      const [needed = 'admin'] = named as Role[]
      for (const role of roles.slice(0, roles.indexOf(needed))) {
        const browser = await as(role)
        const reply = await browser.call(method, path, { body: '{not json' })
        assertProblem(reply, 403, 'role-required')
        assert.equal((reply.json() as { requiredRole: Role }).requiredRole, needed)
        refusals++
      }
    }
    assert.ok(refusals >= 20, String(refusals))
  })

  test('enough is let in', async () => {
    for (const { method, path, named } of declared()) {
      // Streams and copies are asked for in tests of their own.
      if (/events|verify|backup/.test(path) || method !== 'GET') continue
      const [needed = 'admin'] = named as Role[]
      for (const role of roles.slice(roles.indexOf(needed))) {
        const { status } = await (await as(role)).call(method, path)
        assert.ok([200, 404].includes(status), `${role} ${method} ${path}: ${String(status)}`)
      }
    }
  })

  test('an operator ends a session and tries out more; everyone is for an admin', async () => {
    const operator = await as('operator')
    const { sid } = await api.login()
    const end = (body: object): Promise<Reply> =>
      operator.call('POST', '/outright/v1/revocations', { body })
    const dry = await end({ scope: 'everyone', dryRun: true })
    assert.equal(dry.status, 200, dry.text)
    const wide = await end({ scope: 'everyone' })
    assertProblem(wide, 403, 'role-required')
    assert.equal((wide.json() as { requiredRole: Role }).requiredRole, 'admin')
    const ended = await end({ scope: 'session', key: sid })
    assert.equal(ended.status, 201, ended.text)
    const { revocation } = ended.json() as { revocation: { actor: string } }
    assert.equal(revocation.actor, 'operator:roles-operator')
  })

  test('/me says who calls', async () => {
    const reply = await api.get('/me')
    assert.deepEqual(reply.json(), { name: 'admin token', role: 'admin', expiresAt: null })
    const me = (await (await as('viewer')).call('GET', '/outright/v1/me')).json()
    assert.equal(me.name, 'roles-viewer')
    assert.equal(me.role, 'viewer')
    assert.ok(Date.parse(me.expiresAt) > Date.now())
    assertProblem(await api.server.call('GET', '/outright/v1/me'), 401, 'credentials-missing')
  })

  test('another role counts from the next request on', async () => {
    const browser = await signInAs(api.server, 'climber', 'viewer')
    const rotate = () => browser.call('POST', '/outright/v1/keys/rotate')
    assertProblem(await rotate(), 403, 'role-required')
    assert.equal((await api.patch('/operators/climber', { role: 'admin' })).status, 200)
    assert.equal((await rotate()).status, 201)
    assert.equal((await api.patch('/operators/climber', { role: 'operator' })).status, 200)
    assertProblem(await rotate(), 403, 'role-required')
  })
})
