// Draws the OpenAPI document with Swagger UI. The document's path is the page's, not ours.
"use strict";

SwaggerUIBundle({
  dom_id: "#docs",
  url: document.getElementById("docs").dataset.document,
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
});
