// Light or dark: the system's preference until the visitor chooses.

import { KeptText } from './kept-text.js'

const kept = new KeptText(() => localStorage, 'boards:theme')
const prefersDark = matchMedia('(prefers-color-scheme: dark)')

type Theme = 'light' | 'dark'

export function applySavedTheme(): void {
  const theme = kept.read()
  if (isTheme(theme)) document.documentElement.dataset.theme = theme
}

/** Binds the button, which switches to the theme that it names. */
export function bindThemeButton(button: HTMLElement): void {
  const label = () => {
    button.textContent = current() === 'dark' ? 'Light theme' : 'Dark theme'
  }
  button.addEventListener('click', () => {
    const next: Theme = current() === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset.theme = next
    kept.write(next)
    label()
  })
  prefersDark.addEventListener('change', label)
  label()
}

function current(): Theme {
  const chosen = document.documentElement.dataset.theme
  if (isTheme(chosen)) return chosen
  return prefersDark.matches ? 'dark' : 'light'
}

function isTheme(value: unknown): value is Theme {
  return value === 'light' || value === 'dark'
}
