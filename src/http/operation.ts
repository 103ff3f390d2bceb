/** What is declared of a call, as an operation of the OpenAPI 3.1 document. */
import { defined } from '../domain/defined.ts'
import { Type, type TSchema } from 'typebox'
import type { Route } from './surface.ts'
import { propertiesOf, type InputPlace } from './input.ts'
import type { AnyResponse, Responses } from './responses.ts'

interface Described {
  readonly operationId?: string
  readonly tags?: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly security?: readonly object[]
  readonly params?: TSchema
  readonly query?: TSchema
  readonly headers?: TSchema
  readonly body?: TSchema
  readonly bodyType?: 'json' | 'form' | 'json_or_form'
  readonly bodyExample?: unknown
  readonly bodyExamples?: object
  readonly responses: Responses
}

interface Words {
  readonly description?: string
  readonly example?: unknown
}

/** Parameters of a path that is not described are added where the path is known: see `openapi.ts`. */
export function operationOf(form: Described): Route['operation'] {
  const { operationId, tags, summary, description, security = [], responses } = form
  return {
    ...defined({ operationId, tags }),
    summary,
    ...defined({ description }),
    security,
    parameters: [
      ...parametersOf('path', form.params),
      ...parametersOf('query', form.query),
      ...parametersOf('header', form.headers),
    ],
    ...(form.body === undefined ? {} : { requestBody: requestBodyOf(form.body, form) }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, writeResponse(response)]),
    ),
  }
}

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

const bodyTypes = {
  json: [JSON_TYPE],
  form: [FORM_TYPE],
  json_or_form: [JSON_TYPE, FORM_TYPE],
} as const

function requestBodyOf(
  schema: TSchema,
  { bodyType = 'json', bodyExample: example, bodyExamples: examples }: Described,
): object {
  const content = {
    schema,
    ...defined({ example, examples }),
  }
  const types = bodyTypes[bodyType].map((type) => [type, content] as const)
  return { required: true, content: Object.fromEntries(types) }
}

function parametersOf(
  place: Exclude<InputPlace['part'], 'body'>,
  schema: TSchema | undefined,
): readonly object[] {
  return Object.entries(schema === undefined ? {} : propertiesOf(schema)).map(([name, member]) => {
    const { description, example, ...rest } = member as Words
    return {
      name,
      in: place,
      ...(Type.IsOptional(member) ? {} : { required: true }),
      ...defined({ description }),
      schema: rest,
      ...defined({ example }),
    }
  })
}

function writeResponse(response: AnyResponse): object {
  const { description, schema, type, alsoType, example, examples, headers } = response
  const content = {
    ...defined({ schema, example, examples }),
  }
  const hasBody = schema !== undefined || type !== undefined
  return {
    description,
    ...defined({ headers }),
    ...(hasBody
      ? {
          content: {
            [type ?? JSON_TYPE]: content,
            ...(alsoType === undefined ? {} : { [alsoType]: {} }),
          },
        }
      : {}),
  }
}
