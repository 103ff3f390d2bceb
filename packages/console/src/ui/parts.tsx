/** Small parts that every page is made of. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ago, moment } from '../lib/format.ts'
import { useWords } from '../words/index.ts'

export function Head({
  title,
  lead,
  children,
}: {
  readonly title: string
  readonly lead?: string
  readonly children?: ComponentChildren
}) {
  useEffect(() => {
    document.title = `${title} · Outright`
  }, [title])
  return (
    <div class="head">
      <div>
        <h1>{title}</h1>
        {lead !== undefined && <p>{lead}</p>}
      </div>
      {children}
    </div>
  )
}

export function Card({
  title,
  action,
  class: name = '',
  children,
}: {
  readonly title?: string
  readonly action?: ComponentChildren
  readonly class?: string
  readonly children: ComponentChildren
}) {
  return (
    <section class={`card ${name}`}>
      {title !== undefined && (
        <header>
          <h2>{title}</h2>
          {action}
        </header>
      )}
      {children}
    </section>
  )
}

export type Tone = 'good' | 'warn' | 'bad' | ''

const tones: Readonly<Record<string, Tone>> = {
  live: 'good',
  active: 'good',
  signing: 'good',
  delivered: 'good',
  owed: 'warn',
  claimed: 'warn',
  dead: 'bad',
  disabled: 'bad',
  removed: 'bad',
}

export type StateWord = keyof ReturnType<typeof useWords>['common']['states']

/** A state as a word in its colour. */
export function Badge({ state }: { readonly state: StateWord }) {
  const { common } = useWords()
  return <span class={`badge ${tones[state] ?? ''}`}>{common.states[state]}</span>
}

/** How long ago, with the moment behind it; it goes on counting. */
export function Ago({ at }: { readonly at: string }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const young = Math.abs(Date.now() - Date.parse(at)) < 3_600_000
    const timer = setInterval(
      () => {
        tick((before) => before + 1)
      },
      young ? 5_000 : 60_000,
    )
    return () => {
      clearInterval(timer)
    }
  }, [at])
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at)}
    </time>
  )
}

export function Facts({ of }: { readonly of: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .flatMap(([name, value]) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name}=`}>{value}</dd>,
        ])}
    </dl>
  )
}

export interface Column<T> {
  readonly name: string
  readonly cell: (row: T) => ComponentChildren
  /** `end`: what one can do with the row. `corner`: on a phone, in the corner of its card. */
  readonly align?: 'end' | 'corner'
}

/** On a phone each row is a card, and each cell says what it is. */
export function Table<T>({
  columns,
  rows,
  keyOf,
  label,
}: {
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  readonly label: string
}) {
  return (
    // Reached by the keyboard, because it may have to be scrolled.
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="cards">
        <thead>
          <tr>
            {columns.map(({ name, align = '' }) => (
              <th key={name} scope="col" class={align}>
                {align === 'end' ? <span class="hidden">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, cell, align = '' }, index) => (
                <td
                  key={name}
                  class={align}
                  {...(index === 0 || align !== '' ? {} : { 'data-label': name })}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string
  readonly hint?: string
  readonly children: ComponentChildren
}) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  )
}

/** Attributes of whatever kind, readable and never interpreted. */
export function Attributes({ of }: { readonly of: Readonly<Record<string, unknown>> }) {
  return (
    <Facts
      of={Object.entries(of).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : <code key={name}>{JSON.stringify(value)}</code>,
      ])}
    />
  )
}
