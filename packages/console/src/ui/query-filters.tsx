/** Filters of a list, kept in the address: a view can be shared as a link. */
import { toChildArray, type ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { address, navigate, usePlace } from '../lib/router.ts'
import { useWords } from '../words/index.ts'
import { Icon } from './icon.tsx'
import { Field } from './parts.tsx'

/** Changes one parameter, and goes back to the first page. */
export function useFilter(name: string): readonly [string, (value: string) => void] {
  const { parts, query } = usePlace()
  const set = (value: string): void => {
    const rest = { ...Object.fromEntries(query), cursor: undefined, [name]: value }
    navigate(address(parts, rest), 'replace')
  }
  return [query.get(name) ?? '', set]
}

const PAUSE_MS = 250

/** Text that is searched for once nothing was typed for a moment. */
export function TextFilter({
  name,
  label,
  hint = '',
  type = 'text',
}: {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly type?: 'text' | 'datetime-local'
}) {
  const [kept, keep] = useFilter(name)
  const [typed, setTyped] = useState(kept)
  useEffect(() => {
    setTyped(kept)
  }, [kept])
  useEffect(() => {
    if (typed === kept) return undefined
    const timer = setTimeout(() => {
      keep(typed.trim())
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [typed])
  const properties = {
    value: typed,
    autocomplete: 'off',
    placeholder: hint,
    spellcheck: false,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => {
      setTyped(event.currentTarget.value)
    },
  } as const
  return (
    <Field label={label}>
      {type === 'text' ? <input {...properties} /> : <input type={type} {...properties} />}
    </Field>
  )
}

export function ChoiceFilter({
  name,
  label,
  options,
  none,
}: {
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [string, string])[]
  /** What is shown where nothing is chosen. Default: any. */
  readonly none?: string
}) {
  const { common } = useWords()
  const [kept, keep] = useFilter(name)
  return (
    <Field label={label}>
      <select
        value={kept}
        onChange={(event) => {
          keep(event.currentTarget.value)
        }}
      >
        <option value="">{none ?? common.any}</option>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  )
}

/** On a phone, more filters than these stand behind a button: what was found comes first. */
const FOLDED_FROM = 2
const notFilters: ReadonlySet<string> = new Set(['cursor', 'elsewhere'])

export function Filters({ children }: { readonly children: ComponentChildren }) {
  const { sessions } = useWords()
  const { query } = usePlace()
  const [isOpen, setOpen] = useState(false)
  const filters = toChildArray(children)
  const used = [...query.keys()].filter((name) => !notFilters.has(name)).length
  const folds = filters.length > FOLDED_FROM
  return (
    <form
      class={`filters card ${folds && !isOpen ? 'folded' : ''}`}
      role="search"
      aria-label={sessions.filters}
      onSubmit={(event) => {
        event.preventDefault()
      }}
    >
      {folds && (
        <button
          type="button"
          class="button unfold"
          aria-expanded={isOpen}
          onClick={() => {
            setOpen(!isOpen)
          }}
        >
          <Icon name="search" />
          {sessions.filters}
          {used > 0 && <span class="badge">{used}</span>}
        </button>
      )}
      {filters}
    </form>
  )
}
