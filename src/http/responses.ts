import type { TSchema } from 'typebox'
import type { Schema } from './schema.ts'

/** What an answer of one status is. */
export interface AnyResponse {
  readonly description: string
  /** Of its body, where that is JSON. */
  readonly schema?: TSchema
  /** Default: `application/json` where there is a schema, otherwise nothing is said of a body. */
  readonly type?: string
  /** Another form in which the body comes, with the same fields. */
  readonly alsoType?: string
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
  readonly headers?: Readonly<Record<string, object>>
}

/** One whose body has a type. */
export interface ResponseForm<R> extends AnyResponse {
  readonly schema: Schema<R>
}

/** The type of the body. */
export type BodyOf<Form> = Form extends { readonly schema: Schema<infer R> } ? R : never

/** By status, or `default`. Tests hold every answer against them, and every example. */
export type Responses = Readonly<Record<string, AnyResponse>>
