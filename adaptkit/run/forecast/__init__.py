"""What a study will take: each phase is measured on a part of the rows, before the study is run."""
