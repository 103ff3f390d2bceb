/** `/subjects`: people. Changing a password or disabling a person ends their sessions. */
import { defined } from '../../../domain/defined.ts'
import { refuse } from '../../../domain/failure.ts'
import { normalIdentifier } from '../../../domain/identifiers.ts'
import type { NewSubject, SubjectFilter, SubjectPatch } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { flag, optional, strict } from '../../schema.ts'
import { subject, subjectChanged } from './answers.ts'
import type { AdminContext } from './declare.ts'
import {
  attributes,
  filter,
  idText,
  singleLine,
  nameText,
  preferring,
  secretText,
  statusWord,
} from './inputs.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { refuseBody } from './problem.ts'
import { wireEnded, wireSubject } from './wire.ts'

const tag = 'Subjects'
const emailText = singleLine(254, undefined, (value) =>
  /^[^\s@]+@[^\s@]+$/.test(value) ? undefined : 'must be an email address',
)
const phoneText = singleLine(32, undefined, (value) =>
  normalIdentifier('phone', value) === undefined
    ? 'must be a phone number with its country code'
    : undefined,
)

export function subjectRoutes(context: AdminContext): readonly Route[] {
  return [createRoute(context), listRoute(context), oneRoute(context), changeRoute(context)]
}

/** `POST /subjects`. A password is given, generated (and shown this once), or there is none. */
function createRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/subjects',
      id: 'createSubject',
      tag,
      role: 'admin',
      summary: 'Add a person',
      body: strict<NewSubject>({
        id: optional(idText),
        name: optional(nameText),
        username: optional(idText),
        email: optional(emailText),
        phone: optional(phoneText),
        password: optional(secretText),
        generatePassword: optional(flag({})),
        attributes: optional(attributes),
      }),
      responses: { 201: { description: 'The person', schema: subjectChanged } },
    },
    async (call) => {
      const wish = call.body()
      refuseTwoPasswords(wish)
      const { subject: added, generated = null } = await core.addSubject(wish)
      return call.json(
        201,
        { subject: wireSubject(added), password: generated, revoked: null },
        { headers: { location: `subjects/${encodeURIComponent(added.id)}` } },
      )
    },
  )
}

function refuseTwoPasswords({ password, generatePassword = false }: SubjectPatch): void {
  if (!generatePassword || password === undefined) return
  refuseBody({ generatePassword: 'cannot be true where a password is given' })
}

function listRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/subjects',
      id: 'listSubjects',
      tag,
      summary: 'People; or the one with that username, email or phone',
      filters: {
        search: filter(
          'Only those of whom an id, name, username, email or phone contains this, in whatever case and with or without accents; goes with no other filter. A page may be short or empty and yet have a `next`',
        ),
        username: filter('Only this username'),
        email: filter('Only this email address'),
        phone: filter('Only this phone number'),
      },
      item: subject,
    },
    async (query: SubjectFilter, page) => {
      const names = ['username', 'email', 'phone'] as const
      const by = names.find((name) => query[name] !== undefined)
      if (query.search !== undefined && by !== undefined) {
        return refuse({
          kind: 'invalid_parameter',
          parameter: 'search',
          reason: `does not go with ${by}`,
        })
      }
      if (by === undefined) {
        const all = await core.subjects.list(page, searchedFor(query.search))
        return renderPage(all, wireSubject)
      }
      const found = await core.subjects.find({ by, value: query[by] ?? '' })
      // Every filter that was given must hold, not only the one that was looked up.
      const fits = names.every((name) => {
        const wanted = query[name]
        return wanted === undefined || found?.[name] === normalIdentifier(name, wanted)
      })
      const items = found !== undefined && fits ? [wireSubject(found)] : []
      return { items, next: null }
    },
  )
}

/** A phone number, or a part of one, is searched for as it is stored: its digits. */
function searchedFor(text: string | undefined): string | undefined {
  if (text === undefined || !/^[+\d\s().-]{4,}$/.test(text)) return text?.trim()
  return text.replaceAll(/\D/g, '').replace(/^00/, '') || text.trim()
}

function oneRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/subjects/:id',
      id: 'getSubject',
      tag,
      role: 'viewer',
      summary: 'One person',
      responses: { 200: { description: 'The person', schema: subject } },
    },
    async (call) => {
      const found = await core.subjects.find({ by: 'id', value: call.param('id') })
      return found === undefined
        ? refuse({ kind: 'not_found' })
        : call.json(200, wireSubject(found))
    },
  )
}

/** `PATCH /subjects/{id}`: only what is given changes. */
function changeRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'PATCH',
      path: '/subjects/:id',
      id: 'updateSubject',
      tag,
      role: 'admin',
      summary: 'Change a person',
      description:
        'A new password ends every session and removes every passkey unless `keepSessions` is true. `status: disabled` ends every session and refuses new ones.',
      headers: preferring,
      body: strict<SubjectPatch>({
        name: optional(nameText),
        password: optional(secretText),
        generatePassword: optional(flag({})),
        keepSessions: optional(flag({})),
        status: optional(statusWord),
        attributes: optional(attributes),
      }),
      responses: { 200: { description: 'The person as changed', schema: subjectChanged } },
    },
    async (call, { actor }) => {
      const patch = call.body()
      refuseTwoPasswords(patch)
      const by = { actor, wait: call.request.waitForConfirmation }
      const changed = await core.changeSubject(call.param('id'), patch, by)
      const { subject: now, generated = null, revoked } = changed
      return call.json(
        200,
        { subject: wireSubject(now), password: generated, revoked: wireEnded(revoked) },
        defined({ receipt: revoked?.receipt }),
      )
    },
  )
}
