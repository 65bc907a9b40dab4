export { PageViews, type PageViewsOptions } from './page-views.js'
export { Views } from './views.js'
