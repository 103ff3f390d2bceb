/** What stands around every page: where one can go, who one is, and whether one sees the present. */
import { isolated } from 'outright/client'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import icon from '../icon.svg?url'
import { live } from '../lib/live.ts'
import { me } from '../lib/me.ts'
import { prefer, preferences, type Language, type Theme } from '../lib/preferences.ts'
import { address, HOME, usePlace } from '../lib/router.ts'
import { Icon } from '../ui/icon.tsx'
import { useWords } from '../words/index.ts'
import { areas, groups } from './navigation.ts'
import { Palette } from './palette.tsx'

export function Shell({ children }: { readonly children: ComponentChildren }) {
  const words = useWords()
  const place = usePlace()
  const [menu, openMenu] = useState(false)
  const [palette, openPalette] = useState(false)
  const content = useRef<HTMLElement>(null)
  const area = place.parts[0] ?? ''
  useEffect(() => {
    openMenu(false)
  }, [place])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) {
        event.preventDefault()
        openPalette((before) => !before)
      } else if (event.key === 'Escape') openMenu(false)
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
    }
  }, [])
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault()
          content.current?.focus()
        }}
      >
        {words.nav.skip}
      </a>
      <div class="shell">
        {menu && (
          <button
            type="button"
            class="shade"
            aria-label={words.common.close}
            onClick={() => {
              openMenu(false)
            }}
          />
        )}
        <div class={`side ${menu ? 'open' : ''}`} id="navigation">
          <a class="brand" href={HOME}>
            <img src={icon} alt="" />
            Outright
          </a>
          <Navigation area={area === 'revocations' ? 'audit' : area} />
          <Foot />
        </div>
        <div class="main">
          <header class="bar">
            <button
              type="button"
              class="button plain menu"
              aria-label={words.nav.menu}
              aria-expanded={menu}
              aria-controls="navigation"
              onClick={() => {
                openMenu(true)
              }}
            >
              <Icon name="menu" />
            </button>
            <button
              type="button"
              class="find"
              onClick={() => {
                openPalette(true)
              }}
            >
              <Icon name="search" />
              <span>{words.shell.search}</span>
              <kbd>Ctrl K</kbd>
            </button>
            <span class="grow" />
            <Liveness />
          </header>
          <main class="content" id="content" tabIndex={-1} ref={content}>
            {children}
          </main>
        </div>
      </div>
      {palette && (
        <Palette
          onClose={() => {
            openPalette(false)
          }}
        />
      )}
    </>
  )
}

function Navigation({ area }: { readonly area: string }) {
  const { nav } = useWords()
  return (
    <nav aria-label={nav.main}>
      {groups.map((group) => (
        <div key={group}>
          <h2>{nav[group]}</h2>
          <ul>
            {areas
              .filter((one) => one.group === group)
              .map(({ path, name, icon: picture }) => (
                <li key={name}>
                  <a href={address([path])} {...(path === area ? { 'aria-current': 'page' } : {})}>
                    <Icon name={picture} />
                    {nav[name]}
                  </a>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

function Liveness() {
  const { shell } = useWords()
  const { state } = live.use()
  return (
    <span class={`live ${state}`} role="status" title={shell.live[state]}>
      <span>{shell.live[state]}</span>
    </span>
  )
}

const themes: readonly Theme[] = ['system', 'light', 'dark']
const languages: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['pt', 'Português'],
]

function Foot() {
  const { shell } = useWords()
  const { theme, language } = preferences.use()
  const known = me.use()
  return (
    <div class="foot">
      <label>
        {shell.theme}
        <select
          value={theme}
          onChange={(event) => {
            prefer({ theme: event.currentTarget.value as Theme })
          }}
        >
          {themes.map((one) => (
            <option key={one} value={one}>
              {shell.themes[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {shell.language}
        <select
          value={language}
          onChange={(event) => {
            prefer({ language: event.currentTarget.value as Language })
          }}
        >
          {languages.map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {known !== undefined && (
        <div class="who">
          <div>
            <strong>{isolated(known.name)}</strong>
            <span class="soft">{shell.roles[known.role]}</span>
          </div>
          <SignOut />
        </div>
      )}
    </div>
  )
}

/** A form of the server's own: its answer comes when the session has ended everywhere. */
function SignOut() {
  const { shell } = useWords()
  return (
    <form method="post" action="/console/sign-out">
      <button type="submit" class="button small">
        {shell.signOut}
      </button>
    </form>
  )
}
