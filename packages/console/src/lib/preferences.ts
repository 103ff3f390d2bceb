/** What a person prefers, kept in this browser. Nothing else is stored here. */
import { createStore } from './store.ts'

export type Theme = 'system' | 'light' | 'dark'
export type Language = 'en' | 'pt'

interface Preferences {
  readonly theme: Theme
  readonly language: Language
}

const NAME = 'outright-console'

export const preferences = createStore(read())

function read(): Preferences {
  let kept: Partial<Preferences> = {}
  try {
    kept = JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Preferences>
  } catch {
    // Storage that is closed or spoilt: the defaults.
  }
  const { theme, language } = kept
  const ofBrowser = navigator.language.toLowerCase().startsWith('pt') ? 'pt' : 'en'
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    language: language === 'en' || language === 'pt' ? language : ofBrowser,
  }
}

export function prefer(change: Partial<Preferences>): void {
  preferences.set({ ...preferences.get(), ...change })
  try {
    localStorage.setItem(NAME, JSON.stringify(preferences.get()))
  } catch {
    // It holds until the page is closed.
  }
  applyPreferences()
}

export function applyPreferences(): void {
  const { theme, language } = preferences.get()
  const root = document.documentElement
  root.lang = language === 'pt' ? 'pt-BR' : 'en'
  if (theme === 'system') delete root.dataset['theme']
  else root.dataset['theme'] = theme
}

/** As `Intl` names it. */
export function locale(): string {
  return preferences.get().language === 'pt' ? 'pt-BR' : 'en-GB'
}
