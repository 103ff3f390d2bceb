/** A client that others wrote asks about tokens and revokes them. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { tokenEndpointsMetadata } from '../../src/http/token-endpoints.ts'
import { secretOf, useResourceServers } from './resource-world.ts'

// Loopback without TLS. Its authors call it deprecated to make it stand out.
// oxlint-disable-next-line typescript/no-deprecated
const insecure = { [oauth.allowInsecureRequests]: true } as const

suite('oauth4webapi', () => {
  const world = useResourceServers()
  const as = (): oauth.AuthorizationServer => ({
    issuer: world.server.url,
    jwks_uri: `${world.server.url}/.well-known/jwks.json`,
    ...tokenEndpointsMetadata(world.server.url, 'ES256'),
  })
  const introspect = async (
    id: string,
    token: string,
    requestJwtResponse: boolean,
  ): Promise<oauth.IntrospectionResponse> => {
    const client: oauth.Client = { client_id: id }
    const auth = oauth.ClientSecretBasic(secretOf(id))
    const options = { requestJwtResponse, ...insecure }
    const response = await oauth.introspectionRequest(as(), client, auth, token, options)
    const answer = await oauth.processIntrospectionResponse(as(), client, response)
    if (requestJwtResponse) await oauth.validateApplicationLevelSignature(as(), response, insecure)
    return answer
  }

  for (const form of ['JSON', 'a signed JWT'] as const) {
    test(`asks about tokens and is answered in ${form}`, async () => {
      const isSigned = form !== 'JSON'
      const token = await world.token({ scope: 'read' })
      const good = await introspect('orders', token, isSigned)
      assert.deepEqual([good.active, good.sub, good.scope], [true, 'maria', 'read'])
      const end = { issuer: 'keycloak', scope: 'token', key: good.jti, reason: 'logout' }
      assert.equal((await world.end(end)).status, 201)
      assert.deepEqual(await introspect('orders', token, isSigned), { active: false })
      assert.deepEqual(await introspect('billing', await world.token(), isSigned), {
        active: false,
      })
    })
  }

  test('revokes: with the secret of a client, and as a public one', async () => {
    const { refresh_token: refreshToken, access_token: accessToken } = await world.login()
    const secret = oauth.ClientSecretPost('octopus-demo-secret')
    const foreign = await world.token()
    for (const [id, auth, token] of [
      ['42', secret, refreshToken],
      ['web', oauth.None(), foreign],
    ] as const) {
      const client = { client_id: id }
      await oauth.processRevocationResponse(
        await oauth.revocationRequest(as(), client, auth, token, insecure),
      )
    }
    assert.equal(await world.verdict(accessToken), 'revoked')
    assert.equal(await world.verdict(foreign), 'revoked')
    const wrong = oauth.ClientSecretBasic('wrong')
    const refused = await oauth.revocationRequest(as(), { client_id: '42' }, wrong, 'x', insecure)
    await assert.rejects(
      oauth.processRevocationResponse(refused),
      oauth.WWWAuthenticateChallengeError,
    )
  })
})
