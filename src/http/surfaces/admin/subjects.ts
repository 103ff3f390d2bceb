/** `/subjects`: people. Changing a password or disabling somebody ends their sessions. */
import { MAX_PASSWORD_LENGTH } from '../../../core/password.ts'
import { mintId } from '../../../core/mint-id.ts'
import { refuse } from '../../../domain/failure.ts'
import { normalIdentifier, withNormalIdentifiers } from '../../../domain/identifiers.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Reason } from '../../../domain/revocation.ts'
import type { Json } from '../../../domain/session.ts'
import type { DialectRequest } from '../../dialect.ts'
import { idRule, nameRule, readBody, readQuery, type Fields, type TextRule } from './fields.ts'
import { pageParameters, readPage, renderPage } from './page.ts'
import { json, pageQuery, type AdminRoute } from './route.ts'
import { bodyOf, bodySchemas, pageOf, subjectChangedSchema, subjectSchema } from './schemas.ts'
import { generateSecret } from './secret.ts'
import type { DialectContext } from '../../context.ts'
import { wireRevoked, wireSubject } from './wire.ts'

const { text, flag, anything, status } = bodySchemas
const passwordRule: TextRule = { longest: MAX_PASSWORD_LENGTH }
const emailRule: TextRule = {
  longest: 254,
  shape: (value) => (/^[^\s@]+@[^\s@]+$/.test(value) ? undefined : 'must be an email address'),
}
const phoneRule: TextRule = {
  longest: 32,
  shape: (value) =>
    normalIdentifier('phone', value) === undefined
      ? 'must be a phone number with its country code'
      : undefined,
}
const MAX_ATTRIBUTES_LENGTH = 16_384

export function subjectRoutes(context: DialectContext): readonly AdminRoute[] {
  return [createRoute(context), listRoute(context), oneRoute(context), changeRoute(context)]
}

/** `POST /subjects`. A password is given, generated (and shown this once), or there is none. */
function createRoute({ core, clock, random }: DialectContext): AdminRoute {
  return {
    method: 'POST',
    path: '/subjects',
    operation: {
      id: 'createSubject',
      tag: 'Subjects',
      summary: 'Add a person',
      body: bodyOf({
        id: text,
        name: text,
        username: text,
        email: text,
        phone: text,
        password: text,
        generatePassword: flag,
        attributes: anything,
      }),
      answers: { 201: { description: 'The person', schema: subjectChangedSchema } },
    },
    async act(request) {
      const wish = readBody(request, (fields) => ({
        id: fields.text('id', idRule),
        name: fields.text('name', nameRule) ?? '',
        username: fields.text('username', idRule),
        email: fields.text('email', emailRule),
        phone: fields.text('phone', phoneRule),
        attributes: readAttributes(fields),
        ...readPassword(fields),
      }))
      const nowMs = clock.nowMs()
      const generated = wish.generate ? generateSecret(random) : undefined
      const password = generated ?? wish.password
      const subject = withNormalIdentifiers<Subject>({
        id: wish.id ?? mintId(random, nowMs),
        name: wish.name,
        username: wish.username,
        email: wish.email,
        phone: wish.phone,
        passwordHash: password === undefined ? undefined : await core.hashSecret(password),
        status: 'active',
        createdAtMs: nowMs,
        attributes: wish.attributes ?? {},
      })
      await core.subjects.create(subject)
      return json(
        201,
        { subject: wireSubject(subject), password: generated ?? null, revoked: null },
        { headers: { location: `subjects/${encodeURIComponent(subject.id)}` } },
      )
    },
  }
}

function readPassword(fields: Fields) {
  const password = fields.text('password', passwordRule)
  const generate = fields.flag('generatePassword')
  if (generate && fields.has('password')) {
    fields.complain('generatePassword', 'cannot be true where a password is given')
  }
  return { password, generate }
}

export function readAttributes(fields: Fields): Subject['attributes'] | undefined {
  return fields.object('attributes', MAX_ATTRIBUTES_LENGTH) as { [name: string]: Json } | undefined
}

function listRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/subjects',
    operation: {
      id: 'listSubjects',
      tag: 'Subjects',
      summary: 'People; or the one with that username, email or phone',
      query: {
        ...pageQuery,
        username: 'Only this username',
        email: 'Only this email address',
        phone: 'Only this phone number',
      },
      answers: { 200: { description: 'A page', schema: pageOf(subjectSchema) } },
    },
    async act(request) {
      const names = ['username', 'email', 'phone'] as const
      const query = readQuery(request, [...pageParameters, ...names])
      const page = readPage(query)
      const by = names.find((name) => query[name] !== undefined)
      if (by === undefined)
        return json(200, renderPage(await core.subjects.list(page), wireSubject))
      const found = await core.subjects.find({ by, value: query[by] ?? '' })
      // Every filter that was given must hold, not only the one that was looked up.
      const fits = names.every((name) => {
        const wanted = query[name]
        return wanted === undefined || found?.[name] === normalIdentifier(name, wanted)
      })
      return json(200, {
        items: found !== undefined && fits ? [wireSubject(found)] : [],
        next: null,
      })
    },
  }
}

function oneRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/subjects/:id',
    operation: {
      id: 'getSubject',
      tag: 'Subjects',
      summary: 'One person',
      answers: { 200: { description: 'The person', schema: subjectSchema } },
    },
    async act(request) {
      readQuery(request, [])
      const value = request.params['id'] ?? ''
      const subject = await core.subjects.find({ by: 'id', value })
      return subject === undefined ? refuse({ kind: 'not_found' }) : json(200, wireSubject(subject))
    },
  }
}

/**
 * `PATCH /subjects/{id}`: only what is given changes.
 *
 * What is stored comes first and the revocation second: a login between the two is opened before
 * the generation is raised and dies with it; the other way round it would survive. Both can be
 * repeated, so a call that failed half-way is mended by the same call again.
 */
function changeRoute(context: DialectContext): AdminRoute {
  const { core, random } = context
  return {
    method: 'PATCH',
    path: '/subjects/:id',
    operation: {
      id: 'updateSubject',
      tag: 'Subjects',
      summary: 'Change a person',
      description:
        'A new password ends every session unless `keepSessions` is true. `status: disabled` ends every session and refuses new ones.',
      body: bodyOf({
        name: text,
        password: text,
        generatePassword: flag,
        keepSessions: flag,
        status,
        attributes: anything,
      }),
      answers: { 200: { description: 'The person as changed', schema: subjectChangedSchema } },
    },
    async act(request, actor) {
      const wish = readChange(request)
      const generated = wish.generate ? generateSecret(random) : undefined
      const password = generated ?? wish.password
      const id = request.params['id'] ?? ''
      const subject = await core.subjects.update(id, {
        ...(wish.name === undefined ? {} : { name: wish.name }),
        ...(wish.status === undefined ? {} : { status: wish.status }),
        ...(wish.attributes === undefined ? {} : { attributes: wish.attributes }),
        ...(password === undefined ? {} : { passwordHash: await core.hashSecret(password) }),
      })
      const reason = reasonToEnd(wish.status, password !== undefined && !wish.keepSessions)
      const wait = request.waitForConfirmation
      const revoked =
        reason && (await core.revoke({ scope: 'subject', key: id, reason, actor, wait }))
      return json(
        200,
        {
          subject: wireSubject(subject),
          password: generated ?? null,
          revoked: revoked === undefined ? null : wireRevoked(revoked),
        },
        revoked === undefined ? {} : { receipt: revoked.receipt },
      )
    },
  }
}

function readChange(request: DialectRequest) {
  return readBody(request, (fields) => ({
    name: fields.text('name', nameRule),
    status: fields.choice('status', ['active', 'disabled']),
    keepSessions: fields.flag('keepSessions'),
    attributes: readAttributes(fields),
    ...readPassword(fields),
  }))
}

function reasonToEnd(
  status: Subject['status'] | undefined,
  passwordEnds: boolean,
): Reason | undefined {
  if (status === 'disabled') return 'subject_disabled'
  return passwordEnds ? 'password_changed' : undefined
}
