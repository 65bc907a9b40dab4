export { PageViews } from './page-views.js'
export { Views } from './views.js'
