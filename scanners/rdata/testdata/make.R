# Saves ordinary objects and models with R itself.
#
#     apt-get install r-base-core
#     Rscript make.R        in this folder

set.seed(20240229)
frame <- data.frame(a = 1:10, b = rnorm(10), c = factor(rep(c("x", "y"), 5)), d = letters[1:10], stringsAsFactors = FALSE)
values <- list(1L, 2.5, TRUE, NULL, "text", "d\u00e9f", c(a = 1, b = NA), 1i, as.raw(1:3), list(x = list(1)), 1:1000, Sys.Date() - Sys.Date(), matrix(1:4, 2))
saveRDS(values, "values.rds")
saveRDS(values, "values2.rds", version = 2)
saveRDS(values, "values_plain.rds", compress = FALSE)
saveRDS(values, "values_ascii.rds", ascii = TRUE, compress = FALSE)
saveRDS(values, "values_xz.rds", compress = "xz")
save(frame, values, file = "two.rda")
saveRDS(frame, "frame.rds")
model <- lm(b ~ a, frame, model = FALSE)
saveRDS(unclass(model)[c("coefficients", "residuals", "df.residual")], "parts.rds", compress = FALSE)
saveRDS(model, "lm.rds", compress = FALSE)
saveRDS(function(x) x + 1, "closure.rds", compress = FALSE)
saveRDS(compiler::cmpfun(function(x, n = 2) {
  total <- 0
  for (i in seq_len(n)) total <- total + base::sum(x[i, ], na.rm = TRUE)
  list(total = total, f = function(y) y ~ x)
}), "compiled.rds", compress = FALSE)
fit <- function(data, unused = stop("no")) lm(mpg ~ wt, data)
saveRDS(fit(mtcars), "in_function.rds")
saveRDS(glm(am ~ wt, binomial, mtcars), "glm.rds")
saveRDS(ecdf(1:5), "ecdf.rds")
setClass("P", representation(name = "character"))
saveRDS(new("P", name = "a"), "s4.rds", compress = FALSE)
