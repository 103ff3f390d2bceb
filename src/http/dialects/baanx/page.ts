/**
 * The login and consent page to which initiate leads: a person logs in, allows or denies, and the
 * browser goes back to the client with a code or an error (RFC 6749, section 4.1.2). It sets no
 * cookie; what ties a form to its authorization is the handle in the form, so a forged form can do
 * no more than the link could.
 */
import { refuse, type Failure } from '../../../domain/failure.ts'
import type { AnyResponse } from '../../responses.ts'
import { fields, optional, text } from '../../schema.ts'
import type { Answer, Route } from '../../surface.ts'
import { findAuthorization } from './authorize.ts'
import { renderNotice } from './page-html.ts'
import { allow, deny, expired, pageForm, showForm } from './page-steps.ts'
import type { BaanxService } from './service.ts'
import { route } from './wire.ts'

/** Path of the page, before the prefix. */
export const pagePath = '/v1/auth/oauth/authorize/page'

export function pageRoutes(service: BaanxService): readonly Route[] {
  return [showRoute(service), submitRoute(service)]
}

const html = (description: string): AnyResponse => ({ description, type: 'text/html' })

function showRoute(service: BaanxService): Route {
  return route(
    {
      method: 'GET',
      path: pagePath,
      alsoHead: true,
      summary: 'The login and consent page',
      query: fields({ token: optional(text(2048, { example: 'q83vEjRW…' })) }),
      responses: {
        200: html('The form'),
        404: html('The authorization is over'),
        default: html('Any other refusal'),
      },
    },
    async (call) => {
      const token = call.query('token') ?? ''
      const authorization = await findAuthorization(service, token)
      if (authorization === undefined) return refuse(expired)
      return showForm(service, call.request, { token, authorization })
    },
  )
}

/** A decision, with credentials where it is to allow. */
function submitRoute(service: BaanxService): Route {
  return route(
    {
      method: 'POST',
      path: pagePath,
      summary: 'The form of the login and consent page',
      body: pageForm,
      bodyType: 'form',
      responses: {
        200: html('A one-time password is needed'),
        303: { description: 'Back to the client, with a code or an error' },
        400: html('Wrong credentials'),
        403: html('Locked, disabled, or sent from another site'),
        404: html('The authorization is over'),
        422: html('A field is missing'),
        429: html('Too many calls'),
        default: html('Any other refusal'),
      },
    },
    async (call) => {
      const site = call.request.header('sec-fetch-site')
      if (site !== undefined && site !== 'same-origin') {
        return refuse({ kind: 'forbidden', reason: 'the form was sent from another site' })
      }
      const token = call.body('token')
      const authorization = await findAuthorization(service, token)
      if (authorization === undefined) return refuse(expired)
      return call.body('decision') === 'deny'
        ? deny(service, { token, authorization })
        : allow(service, call, { token, authorization })
    },
  )
}

/** A failure of the page, for people. The status is what the API would answer. */
export function renderPageFailure(failure: Failure, { status, headers }: Answer): Answer {
  const [title, text] = noticeOf(failure)
  const notice = renderNotice(status, title, text)
  const { 'content-type': _json, ...kept } = headers ?? {}
  return { ...notice, headers: { ...kept, ...notice.headers } }
}

function noticeOf(failure: Failure): readonly [string, string] {
  switch (failure.kind) {
    case 'not_found':
      return ['This link is no longer good', 'Go back to the application and start again.']
    case 'rate_limited':
      return ['Too many requests', 'Wait a minute and try again.']
    case 'account_disabled':
      return ['Your account has been disabled', 'Ask support for help.']
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
    case 'internal':
      return ['That did not work', 'Nothing was changed. Try again in a moment.']
    default:
      return ['That did not work', 'Go back to the application and start again.']
  }
}
