import { clientSubject } from '../../../domain/identity.ts'
import { refuse } from '../../../domain/failure.ts'
import { cameFrom } from '../../came-from.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import { anyText, constant, count, fields, text } from '../../schema.ts'
import { readParameters } from './parse.ts'
import { ADOBE_PASS_REGISTRATION, type Pass } from './pass.ts'
import { JSON_TYPE, registrationError, registrationErrors, security } from './wire.ts'

/** Longer ones were not issued here, and are not worth an argon2 pass. */
const MAX_CREDENTIAL_LENGTH = 1024

const refuseRequest = (): never =>
  refuse({ kind: 'malformed_request', reason: 'a parameter is missing, sent twice or too long' })

/** In the query or in a form; each parameter comes once. */
const route = routesWith({ refuse: refuseRequest, readParameters, jsonType: JSON_TYPE })
const credential = text(MAX_CREDENTIAL_LENGTH)

/**
 * `POST /o/client/token` [F]: an access token for a registered application, by client credentials
 * (RFC 6749, section 4.4). It is a session of the client's own: a device's logout does not end it.
 *
 * Answers 201, which the vendor documents where RFC 6749 has 200, or 400 with `invalid_request`,
 * `invalid_client`, `unauthorized_client` or `unsupported_grant_type`.
 */
export function accessTokenRoute(pass: Pass): Route {
  return route(
    {
      method: 'POST',
      path: '/o/client/token',
      summary: 'Get an access token by client credentials',
      security,
      body: fields({ client_id: credential, client_secret: credential, grant_type: credential }),
      bodyType: 'form',
      responses: {
        201: {
          description: 'The access token',
          schema: fields({
            id: anyText(),
            access_token: anyText(),
            created_at: count(),
            expires_in: count(),
            token_type: constant('bearer'),
          }),
          example: {
            id: '01a1facd-6a3c-728b-8db3-5ec0ffb608f0',
            access_token: 'eyJhbGciOiJFUzI1NiJ9…',
            created_at: 1_795_209_128_513,
            expires_in: 21_600,
            token_type: 'bearer',
          },
        },
        400: registrationError('invalid_client'),
        ...registrationErrors,
      },
    },
    async (call) => {
      // Two ways to authenticate the client at once are one too many.
      if (call.request.header('authorization') !== undefined) return refuseRequest()
      const { client_id: id, client_secret: secret, grant_type: grantType } = call.body()
      if (grantType !== 'client_credentials') {
        return call.json(400, { error: 'unsupported_grant_type' })
      }
      const client = await pass.core.authenticateClient(ADOBE_PASS_REGISTRATION, id, secret)
      const { session, access } = await pass.core.openSession({
        subjectId: clientSubject(client.id),
        clientId: client.id,
        dialect: ADOBE_PASS_REGISTRATION,
        audience: ADOBE_PASS_REGISTRATION,
        accessLifetimeMs: pass.options.accessLifetimeMs,
        claims: {
          scopes: 'api:client:v1',
          requestors: client.attributes['requestors'] ?? [],
        },
        attributes: { ...cameFrom(call.request) },
      })
      return call.json(201, {
        id: session.sid,
        access_token: access.token,
        created_at: session.createdAtMs,
        expires_in: Math.floor((access.expiresAtMs - access.issuedAtMs) / 1000),
        token_type: 'bearer',
      })
    },
  )
}
