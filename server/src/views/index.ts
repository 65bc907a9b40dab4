export { PageViews, type ViewOutlet } from './page-views.js'
export { Views } from './views.js'
