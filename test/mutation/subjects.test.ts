import { expect, it } from 'vitest'
import { sourceOf, subjects } from './subjects.js'

// Stryker counts a change as survived where a file cannot be loaded any more, since no test of it has failed then.
it.each(subjects)('%s can be loaded', async (name) => {
  const loaded: object = await import(/* @vite-ignore */ sourceOf(name))
  expect(Object.keys(loaded)).not.toEqual([])
})
