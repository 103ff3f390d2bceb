/** How every route of the admin API is declared, authenticated, logged, and refuses. */
import { Refusal, refuse } from '../../../domain/failure.ts'
import { mayActAs, type Role } from '../../../domain/operator.ts'
import { ADMIN_PREFIX } from '../../../protocol/admin-api.ts'
import { readJson } from '../../body.ts'
import { parseStrictJson } from '../../../settings/strict-json.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith, type Call, type Manners, type RouteForm } from '../../declared-route.ts'
import type { Answer, SurfaceRequest, Route } from '../../surface.ts'
import { problemResponse } from '../../problem-response.ts'
import type { Responses } from '../../responses.ts'
import { strict, type Schema } from '../../schema.ts'
import type { Authenticate, Caller } from './authenticate.ts'
import { Problem, refuseFields, renderProblem, RoleProblem } from './problem.ts'
import { whileSignedIn } from './signed-in.ts'

/** `path` stands behind `/outright/v1`. */
export interface AdminForm<Q, B, R extends Responses, H, P> extends Omit<
  RouteForm<Q, B, R, H, P>,
  'operationId' | 'tags' | 'security' | 'alsoHead'
> {
  /** Unique; the name of the method in the typed client. */
  readonly id: string
  readonly tag: string
  /** The caller needs this role, or a higher one. */
  readonly role: Role
}

type Act<Q, B, R extends Responses, H, P> = (
  call: Call<Q, B, R, H, P>,
  caller: Caller,
) => Promise<Answer> | Answer

export type DeclareAdminRoute = <
  R extends Responses & { readonly 200?: unknown },
  Q = object,
  B = undefined,
  H = undefined,
  P = Readonly<Record<string, string>>,
>(
  form: AdminForm<Q, B, R, H, P>,
  act: Act<Q, B, R, H, P>,
) => Route

/** What the files of this folder make their routes from. */
export interface AdminContext extends SurfaceContext {
  readonly route: DeclareAdminRoute
}

const manners: Manners = {
  refuse: refuseFields,
  readBody: readFields,
  jsonType: 'application/json; charset=utf-8',
}

const nothing: Schema<object> = strict<object>({})

/** Puts the authentication before every route, before anything of the request is read. */
export function adminRoutesWith(
  authenticate: Authenticate,
  { log }: Pick<SurfaceContext, 'log'>,
): DeclareAdminRoute {
  const declare = routesWith(manners)
  return <R extends Responses, Q, B, H, P>(
    { id, tag, role, ...form }: AdminForm<Q, B, R, H, P>,
    act: Act<Q, B, R, H, P>,
  ): Route => {
    const { method, path, query = nothing as Schema<unknown> as Schema<Q>, responses } = form
    // What is no JSON streams: it never ends, or is long to make.
    const alsoHead = method === 'GET' && responses[200]?.type === undefined
    return declare<R, Q, B, H, P>(
      {
        ...form,
        ...(alsoHead ? { alsoHead } : {}),
        operationId: id,
        path: ADMIN_PREFIX + path,
        query,
        tags: [tag],
        // OpenAPI 3.1: the role that is needed.
        security: [{ adminToken: [] }, { operatorSession: [role] }],
        responses: { ...responses, default: problemResponse() },
      },
      async (call) => {
        const caller = await authenticate(call.request)
        try {
          requireRole(caller, role)
          // A misspelt or unknown parameter must not end anything.
          call.query()
          const answer = await act(call, caller)
          if (method !== 'GET') {
            // Who changed what. Bodies are left out: they may hold passwords.
            const { actor } = caller
            const { params, requestId } = call.request
            const { status } = answer
            log.info({ requestId, actor, method, path, params, status }, 'admin change')
          }
          return heldToSession(answer, caller, () => authenticate(call.request))
        } catch (error) {
          return renderProblem(problemOf(error))
        }
      },
    )
  }
}

/** @throws {Problem} Where the caller may not do this. */
export function requireRole({ role }: Caller, needed: Role): void {
  if (!mayActAs(role, needed)) throw new RoleProblem(needed)
}

/** A stream ends with the session that it was opened in, and where the role was taken away. */
function heldToSession(answer: Answer, caller: Caller, again: () => Promise<Caller>): Answer {
  const { body } = answer
  if (caller.expiresAtMs === undefined || body === undefined) return answer
  if (typeof body === 'string' || Buffer.isBuffer(body)) return answer
  const isSignedIn = async (): Promise<boolean> => {
    try {
      return mayActAs((await again()).role, caller.role)
    } catch (error) {
      if (error instanceof Refusal) return false
      throw error
    }
  }
  return { ...answer, body: whileSignedIn(body, isSignedIn) }
}

/** A member that is null is not there, as in answers. */
function readFields(request: SurfaceRequest): object {
  const type = request.header('content-type')
  if (request.body.length > 0 && type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
    return refuse({ kind: 'unsupported_media_type' })
  }
  return Object.fromEntries(
    Object.entries(readJson(request, parseStrictJson)).filter(([, value]) => value !== null),
  )
}

/**
 * What the store finds wrong with a parameter, a cursor above all, has the form of all such
 * complaints.
 *
 * @throws Every failure that is not specific to this API.
 */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (!(error instanceof Refusal) || error.failure.kind !== 'invalid_parameter') throw error
  const { parameter, reason } = error.failure
  return new Problem('validation-failed', `${parameter}: ${reason}`, [
    { parameter, detail: reason },
  ])
}
